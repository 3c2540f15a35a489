/** The page. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { connection } from '../state/connection.ts';
import { isNarrow } from '../state/media.ts';
import { route } from '../state/route.ts';
import { loaded, sessionOf } from '../state/sessions.ts';
import { listenForKeys } from '../state/shortcuts.ts';
import { dismissErrors } from '../state/toasts.ts';
import { HelpDialog } from './help-dialog.tsx';
import { Home } from './home.tsx';
import { NotifyDialog } from './notify-dialog.tsx';
import { PairView } from './pair-view.tsx';
import { SearchView } from './search-view.tsx';
import { SessionView } from './session-view.tsx';
import { Sidebar } from './sidebar.tsx';
import { StartDialog } from './start-dialog.tsx';
import { ToastList } from './toast-list.tsx';
import { UsageView } from './usage-view.tsx';
import { Wall } from './wall.tsx';

export function App() {
  const dialog = useSignal<'start' | 'help' | 'notify' | null>(null);
  const start = (): void => {
    dialog.value = 'start';
  };
  const help = (): void => {
    dialog.value = 'help';
  };
  const notify = (): void => {
    dialog.value = 'notify';
  };
  const close = (): void => {
    dialog.value = null;
  };
  useEffect(() => listenForKeys({ start, help }), []);
  // who goes elsewhere, by Back or from a notification, wants to see it
  useEffect(() => {
    close();
    dismissErrors();
  }, [route.value]);
  if (connection.value === 'unpaired') {
    return (
      <>
        <PairView />
        <ToastList />
      </>
    );
  }
  const home = route.value.view === 'home';
  return (
    <div class={isNarrow.value ? (home ? 'app narrow list-only' : 'app narrow') : 'app'}>
      {(!isNarrow.value || home) && <Sidebar start={start} help={help} notify={notify} />}
      {(!isNarrow.value || !home) && <View start={start} />}
      {connection.value === 'away' && (
        <p class="away" role="alert">
          The connection is lost; trying again. What you type is kept.
        </p>
      )}
      {dialog.value === 'start' && <StartDialog close={close} />}
      {dialog.value === 'notify' && <NotifyDialog close={close} />}
      {dialog.value === 'help' && <HelpDialog close={close} />}
      <ToastList />
    </div>
  );
}

function View({ start }: { start: () => void }) {
  const at = route.value;
  if (at.view === 'wall') return <Framed title="All terminals">{<Wall />}</Framed>;
  if (at.view === 'search') return <Framed title="Search">{<SearchView query={at.query} />}</Framed>;
  if (at.view === 'usage') return <Framed title="Usage">{<UsageView />}</Framed>;
  if (at.view === 'home') return <Home start={start} />;
  const session = sessionOf(at.id);
  if (session) return <SessionView session={session} tab={at.tab} />;
  return (
    <main class="home">
      <p class="empty">
        {loaded.value ? 'This session has ended. ' : 'Reading…'}
        <a href="#/">All sessions</a>
      </p>
    </main>
  );
}

/** On a phone every view needs a way back. */
function Framed({ title, children }: { title: string; children: preact.ComponentChildren }) {
  if (!isNarrow.value) return <>{children}</>;
  return (
    <div class="framed">
      <header class="session-head">
        <a class="back" href="#/" aria-label="All sessions">
          ‹
        </a>
        <h1>{title}</h1>
      </header>
      {children}
    </div>
  );
}
