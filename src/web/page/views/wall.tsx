/** All running terminals at once, to look at. */
import { useEffect, useRef } from 'preact/hooks';
import type { Session } from '../api-types.ts';
import { go, hashOf } from '../state/route.ts';
import { displayName, runningSessions } from '../state/sessions.ts';
import { isDark } from '../state/theme.ts';
import { terminalTheme } from '../terminal/colours.ts';
import { loadTerminal } from '../terminal/load-terminal.ts';
import { TerminalSocket } from '../terminal/terminal-socket.ts';
import { StateDot } from './state-dot.tsx';

export function Wall() {
  const sessions = runningSessions.value;
  return (
    <main class="wall" aria-label="All terminals">
      {sessions.length === 0 && <p class="empty">No session with a terminal runs at the moment.</p>}
      {sessions.map((session) => (
        <a class="tile" key={session.id} href={hashOf({ view: 'session', id: session.id, tab: 'terminal' })}>
          <span class="tile-name">
            <StateDot session={session} /> {displayName(session)}
          </span>
          <SmallTerminal session={session} />
        </a>
      ))}
    </main>
  );
}

/** Drawn at its own size and made as small as the tile is. */
function SmallTerminal({ session }: { session: Session }) {
  const frame = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let gone = false;
    let dispose = (): void => undefined;
    void loadTerminal().then(({ openTerminal }) => {
      if (gone || !place.current || !frame.current) return;
      const outer = frame.current;
      const inner = place.current;
      const { terminal } = openTerminal(inner, {
        theme: terminalTheme(isDark.peek()),
        fontSize: 10,
        readOnly: true,
        accelerated: false,
        onCopyRequest: () => undefined,
      });
      const shrink = (): void => {
        const { scrollWidth, scrollHeight } = inner;
        if (scrollWidth > 0)
          inner.style.transform = `scale(${Math.min(outer.clientWidth / scrollWidth, outer.clientHeight / scrollHeight)})`;
      };
      const socket = new TerminalSocket({
        session: session.id,
        readOnly: true,
        size: () => ({ cols: 80, rows: 24 }),
        onSnapshot: (bytes) => {
          terminal.reset();
          terminal.write(bytes, shrink);
        },
        onOutput: (bytes) => terminal.write(bytes),
        onSize: ({ cols, rows }) => {
          terminal.resize(cols, rows);
          shrink();
        },
        onState: () => undefined,
        onUnsure: () => undefined,
      });
      const observer = new ResizeObserver(shrink);
      observer.observe(outer);
      dispose = () => {
        observer.disconnect();
        socket.close();
        terminal.dispose();
      };
    });
    return () => {
      gone = true;
      dispose();
    };
  }, [session.id]);
  return (
    <div
      class="tile-frame"
      ref={frame}
      inert
      aria-hidden="true"
      onClick={() => go({ view: 'session', id: session.id, tab: 'terminal' })}
    >
      <div class="tile-place" ref={place} />
    </div>
  );
}
