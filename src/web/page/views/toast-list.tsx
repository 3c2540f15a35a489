/** Short news. */
import { dismiss, toasts } from '../state/toasts.ts';

export function ToastList() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text, fix }) => (
        <div class={`toast ${tone}`} key={id}>
          <div>
            <p>{text}</p>
            {fix !== '' && <p class="fix">{fix}</p>}
          </div>
          <button type="button" class="small quiet" aria-label="Close" onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
