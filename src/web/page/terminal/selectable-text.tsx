/** The terminal's text as plain text over it: what a finger can select, where a terminal's own selection needs a mouse. */
import { attempt, say } from '../state/toasts.ts';

export function SelectableText({ text, close }: { text: string; close: () => void }) {
  return (
    <div class="selectable">
      <div class="selectable-bar">
        <button
          type="button"
          class="small"
          onClick={() =>
            void attempt(async () => {
              await navigator.clipboard.writeText(text);
              say('Copied.');
            })
          }
        >
          Copy all
        </button>
        <button type="button" class="small quiet" onClick={close}>
          Back to the terminal
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what scrolls */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
