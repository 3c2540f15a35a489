/** A session's state as a dot and a word. The word is for those who do not see colours. */
import type { Session } from '../api-types.ts';

const words: Record<string, string> = {
  starting: 'starting',
  idle: 'idle',
  busy: 'working',
  waiting: 'waits for you',
  running: 'running',
  sleeping: 'asleep',
  stopped: 'stopped',
  crashed: 'crashed',
  ended: 'ended',
  gone: 'ended',
};

export function stateWord({ state }: Pick<Session, 'state'>): string {
  return words[state] ?? state;
}

export function StateDot({ session }: { session: Pick<Session, 'state'> }) {
  return (
    <span class={`dot ${session.state}`} title={stateWord(session)}>
      <span class="unseen">{stateWord(session)}</span>
    </span>
  );
}
