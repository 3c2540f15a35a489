/** Begins. */
import '@xterm/xterm/css/xterm.css';
import './style/page.css';
import { render } from 'preact';
import { connectOnReturn } from './state/connect-on-return.ts';
import { connect, connection } from './state/connection.ts';
import { notifyOfQuestions } from './state/notifications.ts';
import { pairWith, takeCode } from './state/pairing.ts';
import { keepSubscribed } from './state/push.ts';
import { complain } from './state/toasts.ts';
import { App } from './views/app.tsx';

const code = takeCode();
render(<App />, document.querySelector('#page')!);
notifyOfQuestions();
connectOnReturn();
if (code === null) connect();
else
  void pairWith(code).catch((error: unknown) => {
    complain(error);
    connect();
  });
// a link that is opened in the tab that asks for one is no new page
addEventListener('hashchange', () => {
  const next = takeCode();
  if (next !== null) void pairWith(next).catch(complain);
});
let isFirst = true;
connection.subscribe((now) => {
  if (now !== 'live' || !isFirst) return;
  isFirst = false;
  keepSubscribed().catch(complain);
});
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
