/** A session's live terminal. */
import { type Signal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Session } from '../api-types.ts';
import { isTouch } from '../state/media.ts';
import { isDark } from '../state/theme.ts';
import { attempt, complain, say } from '../state/toasts.ts';
import { terminalTheme } from './colours.ts';
import { KeyBar } from './key-bar.tsx';
import { withControl } from './key-codes.ts';
import { loadTerminal } from './load-terminal.ts';
import type { OpenTerminal } from './open-terminal.ts';
import { SelectableText } from './selectable-text.tsx';
import { TerminalSearch } from './terminal-search.tsx';
import { TerminalSocket, type TerminalState } from './terminal-socket.ts';

interface TerminalViewProps {
  session: Session;
  /** Where the keyboard goes when a person leaves the terminal by Ctrl-\. */
  leave: () => void;
}

/** What a terminal is made of while it is shown. */
interface Parts extends OpenTerminal {
  socket: TerminalSocket;
}

const encoder = new TextEncoder();
const stateWords: Record<TerminalState, string> = {
  connecting: 'Connecting…',
  open: '',
  away: 'Connection lost. Trying again; what you type is kept.',
  ended: 'This terminal has ended.',
};

export function TerminalView({ session, leave }: TerminalViewProps) {
  const place = useRef<HTMLDivElement>(null);
  const parts = useRef<Parts>(undefined);
  const state = useSignal<TerminalState>('connecting');
  const control = useSignal(false);
  const copyRequest = useSignal<string | null>(null);
  const searching = useSignal(false);
  const selectable = useSignal<string | null>(null);
  const notice = useComputed(() => stateWords[state.value]);

  const type = (text: string): void => {
    if (parts.current?.socket.send(encoder.encode(text)) === false) {
      complain(new Error('The terminal is away, and that is too much to keep for it.'));
    }
  };

  useEffect(() => {
    let gone = false;
    let dispose = (): void => undefined;
    void loadTerminal().then(({ openTerminal }) => {
      if (gone || !place.current) return;
      const made = start(place.current, openTerminal, {
        session: session.id,
        state,
        control,
        copyRequest,
        searching,
        leave,
        type,
      });
      parts.current = made.parts;
      // for whoever drives the page from outside: what is drawn on a canvas cannot be read
      Object.assign(globalThis, { claudexTerminal: made.parts.terminal });
      dispose = made.dispose;
    });
    return () => {
      gone = true;
      dispose();
      parts.current = undefined;
    };
  }, [session.id]);

  useSignalEffect(() => {
    const theme = terminalTheme(isDark.value);
    if (parts.current) parts.current.terminal.options.theme = theme;
  });

  const paste = (): void =>
    void attempt(async () => {
      parts.current?.terminal.paste(await navigator.clipboard.readText());
      parts.current?.terminal.focus();
    });

  return (
    <section class="terminal" aria-label={`Terminal of ${session.name}`}>
      {notice.value !== '' && (
        <p class="terminal-notice" role="status">
          {notice}
        </p>
      )}
      {copyRequest.value !== null && (
        <p class="terminal-notice" role="status">
          The session offers {copyRequest.value.length} characters for your clipboard.{' '}
          <button
            type="button"
            class="small"
            onClick={() =>
              void attempt(async () => {
                await navigator.clipboard.writeText(copyRequest.value ?? '');
                copyRequest.value = null;
                say('Copied.');
              })
            }
          >
            Copy
          </button>
          <button
            type="button"
            class="small quiet"
            onClick={() => {
              copyRequest.value = null;
            }}
          >
            No
          </button>
        </p>
      )}
      {searching.value && parts.current && (
        <TerminalSearch
          search={parts.current.search}
          close={() => {
            searching.value = false;
            parts.current?.terminal.focus();
          }}
        />
      )}
      <div class="terminal-place" ref={place} data-testid="terminal" />
      {selectable.value !== null && (
        <SelectableText
          text={selectable.value}
          close={() => {
            selectable.value = null;
          }}
        />
      )}
      {isTouch.value && (
        <KeyBar
          control={control}
          applicationCursor={() => parts.current?.terminal.modes.applicationCursorKeysMode ?? false}
          type={type}
          paste={paste}
          select={() => {
            selectable.value = parts.current ? textOf(parts.current) : '';
          }}
        />
      )}
    </section>
  );
}

interface StartOptions {
  session: string;
  state: Signal<TerminalState>;
  control: Signal<boolean>;
  copyRequest: Signal<string | null>;
  searching: Signal<boolean>;
  leave: () => void;
  type: (text: string) => void;
}

function start(
  place: HTMLElement,
  openTerminal: typeof import('./open-terminal.ts').openTerminal,
  { session, state, control, copyRequest, searching, leave, type }: StartOptions,
): { parts: Parts; dispose: () => void } {
  const { terminal, fits, search } = openTerminal(place, {
    theme: terminalTheme(isDark.peek()),
    fontSize: isTouch.peek() ? 12 : 13,
    readOnly: false,
    accelerated: true,
    onCopyRequest: (text) => {
      copyRequest.value = text;
    },
  });
  terminal.resize(fits().cols, fits().rows);
  const socket = new TerminalSocket({
    session,
    readOnly: false,
    size: fits,
    onSnapshot: (bytes, isFirst) => {
      if (isFirst) terminal.reset();
      terminal.write(bytes);
    },
    onOutput: (bytes) => terminal.write(bytes),
    // behind what was drawn in the size before
    onSize: ({ cols, rows }) =>
      terminal.write('', () => {
        terminal.resize(cols, rows);
        place.scrollTop = place.scrollHeight;
      }),
    onState: (now) => {
      state.value = now;
    },
    onUnsure: (count) =>
      complain(
        new Error(
          `The server died while ${count === 1 ? 'a key was' : `${count} bytes of your keys were`} on the way: look whether they are there.`,
        ),
      ),
  });
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.ctrlKey && event.key === '\\') {
      if (event.type === 'keydown') leave();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === 'KeyF') {
      searching.value = true;
      event.preventDefault();
      return false;
    }
    return true;
  });
  terminal.onData((text) => {
    type(control.peek() ? withControl(text) : text);
    control.value = false;
  });
  terminal.onBinary((text) => socket.send(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  const observer = new ResizeObserver(() => {
    if (place.clientWidth > 0) socket.resize(fits());
  });
  observer.observe(place);
  if (!isTouch.peek()) terminal.focus();
  return {
    parts: { terminal, fits, search, socket },
    dispose: () => {
      observer.disconnect();
      socket.close();
      terminal.dispose();
    },
  };
}

/** The screen and what is above it, as text. */
function textOf({ terminal }: Parts): string {
  const { active } = terminal.buffer;
  const lines: string[] = [];
  for (let row = 0; row < active.length; row++) {
    const line = active.getLine(row);
    const text = line?.translateToString(true) ?? '';
    if (line?.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  return lines.join('\n').trimEnd();
}
