/** The keys a phone's keyboard lacks. A press does not take the focus away, so that the keyboard stays open. */
import type { Signal } from '@preact/signals';
import { barKeys } from './key-codes.ts';

interface KeyBarProps {
  control: Signal<boolean>;
  applicationCursor: () => boolean;
  type: (text: string) => void;
  paste: () => void;
  select: () => void;
}

export function KeyBar({ control, applicationCursor, type, paste, select }: KeyBarProps) {
  const keepFocus = (event: Event): void => event.preventDefault();
  return (
    <div class="key-bar" role="toolbar" aria-label="Keys" onMouseDown={keepFocus}>
      <button
        type="button"
        class={control.value ? 'key armed' : 'key'}
        aria-pressed={control.value}
        title="Ctrl, for the next key"
        onClick={() => {
          control.value = !control.value;
        }}
      >
        ctrl
      </button>
      {barKeys.map(({ label, title, bytes }) => (
        <button
          type="button"
          class="key"
          key={label}
          title={title}
          aria-label={/[a-z]/i.test(label) ? undefined : title}
          onClick={() => type(bytes(applicationCursor()))}
        >
          {label}
        </button>
      ))}
      <button type="button" class="key" onClick={paste}>
        paste
      </button>
      <button type="button" class="key" onClick={select}>
        select
      </button>
    </div>
  );
}
