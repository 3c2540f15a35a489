/** Starts a managed session. */
import { useSignal } from '@preact/signals';
import { request, wordsOf } from '../api.ts';
import type { Session } from '../api-types.ts';
import { readLists } from '../state/connection.ts';
import { go } from '../state/route.ts';
import { knownFolders } from '../state/sessions.ts';
import { fixOf } from '../state/toasts.ts';
import { Dialog } from './dialog.tsx';

export function StartDialog({ close }: { close: () => void }) {
  const cwd = useSignal(knownFolders.value[0] ?? '');
  const name = useSignal('');
  const task = useSignal('');
  const starting = useSignal(false);
  const problem = useSignal<unknown>(null);

  const start = async (): Promise<void> => {
    starting.value = true;
    problem.value = null;
    try {
      const { session } = await request<{ session: Session }>('POST', '/sessions', {
        cwd: cwd.value,
        ...(name.value !== '' && { name: name.value }),
        ...(task.value.trim() !== '' && { task: task.value }),
      });
      await readLists();
      go({ view: 'session', id: session.id, tab: 'terminal' });
      close();
    } catch (error) {
      problem.value = error;
    } finally {
      starting.value = false;
    }
  };

  return (
    <Dialog title="Start a session" close={close}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <label>
          Folder
          <input
            list="folders"
            required
            value={cwd.value}
            placeholder="/home/you/work/project"
            autocapitalize="off"
            spellcheck={false}
            onInput={(event) => {
              cwd.value = event.currentTarget.value;
            }}
          />
        </label>
        <datalist id="folders">
          {knownFolders.value.map((folder) => (
            <option key={folder} value={folder} />
          ))}
        </datalist>
        <label>
          Name <small>optional</small>
          <input
            value={name.value}
            autocapitalize="off"
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        </label>
        <label>
          First task <small>optional</small>
          <textarea
            rows={4}
            value={task.value}
            onInput={(event) => {
              task.value = event.currentTarget.value;
            }}
          />
        </label>
        {problem.value !== null && (
          <p class="problem" role="alert">
            {wordsOf(problem.value)} <small>{fixOf(problem.value)}</small>
          </p>
        )}
        <div class="answers">
          <button type="submit" class="primary" disabled={starting.value}>
            {starting.value ? 'Starting…' : 'Start'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
