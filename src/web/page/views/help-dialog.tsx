/** The keys. */
import { Dialog } from './dialog.tsx';

const keys: [string, string][] = [
  ['j  k', 'next, previous session'],
  ['Enter', 'open the one that has the focus'],
  ['t  c  q', 'its terminal, conversation, queue'],
  ['m', 'write it a message'],
  ['/', 'filter the list'],
  ['n', 'start a session'],
  ['w  s  u', 'wall of terminals, search, usage'],
  ['?', 'this'],
  ['Ctrl-\\', 'leave a terminal: every other key there is claude’s'],
  ['Ctrl-Shift-F', 'find in a terminal'],
];

export function HelpDialog({ close }: { close: () => void }) {
  return (
    <Dialog title="Keys" close={close}>
      <dl class="keys">
        {keys.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p class="dialog-note">
        Enter sends a message, Shift-Enter is a new line, ↑ in an empty box brings back what was sent.
      </p>
    </Dialog>
  );
}
