/** What a browser sees that has no right to look yet. */
import { useSignal } from '@preact/signals';
import { pairWith } from '../state/pairing.ts';
import { attempt } from '../state/toasts.ts';

export function PairView() {
  const code = useSignal('');
  return (
    <main class="pair">
      <img src="/icon.svg" alt="" width="72" height="72" />
      <h1>Pair this browser</h1>
      <p>On the machine that runs claudex, in a terminal of your own, type</p>
      <pre class="code">claudex web pair</pre>
      <p>
        and open the link that it prints, or scan the picture. It is good for two minutes, once. Or type its code here:
      </p>
      <form
        class="pair-form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => pairWith(code.value.trim()));
        }}
      >
        <input
          aria-label="Pairing code"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={code.value}
          onInput={(event) => {
            code.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="primary" disabled={code.value.trim() === ''}>
          Pair
        </button>
      </form>
    </main>
  );
}
