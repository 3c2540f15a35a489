/** Which turn a message belongs to, and how it ended, where hooks come late or not at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TurnOutcomes } from '../../../../src/daemon/delivery/turn-outcomes.ts';
import type { Journal } from '../../../../src/daemon/messages/journal.ts';
import { JournalIndex } from '../../../../src/daemon/messages/journal-index.ts';
import { MessageStore } from '../../../../src/daemon/messages/message-store.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { markOf } from '../../../../src/protocol/attribution.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';

async function aStage(...ids: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'claudex-turns-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const clock = new TestClock();
  const process = { pid: 1, startTime: '1', cwd: '/work/api', configDir: '/none' };
  const { session } = new SessionTable(clock).ensure(process);
  session.turnEnded();
  session.conversationIs('now', join(dir, 'now.jsonl'));
  const journal = {
    append: () => undefined,
    commit: async () => undefined,
    index: new JournalIndex(),
  } as unknown as Journal;
  const store = new MessageStore({ journal, log: () => undefined, clock });
  for (const id of ids) await store.accept(aMessage(id, { recipient: session.id }));
  const turns = new TurnOutcomes(store);
  return {
    session,
    turns,
    dir,
    message: (id: string): Message => store.mailbox.get(id)!,
    deliver(id: string, promptId?: string) {
      store.move(id, {
        state: 'leased',
        route: 'paste',
        transcriptFrom: { path: session.transcriptPath!, bytes: 0 },
      });
      store.move(id, { state: 'delivered', route: 'paste', ...(promptId && { promptId }) });
      turns.delivered(session, store.mailbox.get(id)!);
    },
    write(id: string, answer?: string) {
      const lines: object[] = [{ type: 'user', message: { content: `${markOf({ id })} from me]\ngo` } }];
      if (answer !== undefined) {
        const content = [{ type: 'text', text: answer }];
        lines.push({ type: 'assistant', message: { content, stop_reason: 'end_turn' } });
      }
      writeFileSync(session.transcriptPath!, lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
    },
  };
}

describe(`turns ${verifies('answer')}`, () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('the end of one turn is not the end of the next', async () => {
    const { turns, session, message, deliver } = await aStage('m1', 'm2', 'm3');
    // nobody knows the turn of m1 yet: its record is looked for once more, when the next turn has begun
    deliver('m1');
    deliver('m2', 'p1');
    turns.ended(session, { promptId: 'p1', answer: 'first' });
    deliver('m3', 'p2');
    vi.advanceTimersByTime(400);
    expect(message('m2')).toMatchObject({ state: 'answered', answer: 'first' });
    expect(message('m3').state).toBe('delivered');
    turns.ended(session, { promptId: 'p2', answer: 'second' });
    expect(message('m3')).toMatchObject({ state: 'answered', answer: 'second' });
  });

  it('a message whose record comes late belongs to the turn it was in', async () => {
    const { turns, session, message, deliver, write } = await aStage('m1');
    deliver('m1');
    turns.ended(session, { promptId: 'p1', answer: 'done' });
    expect(message('m1').state).toBe('delivered');
    write('m1');
    vi.advanceTimersByTime(400);
    expect(message('m1')).toMatchObject({ state: 'answered', answer: 'done' });
  });

  it('an answer nobody told of is found, also when the conversation has been cleared since', async () => {
    const { turns, session, message, deliver, write, dir } = await aStage('m1');
    deliver('m1', 'p1');
    write('m1', 'found in the old one');
    session.conversationIs('cleared', join(dir, 'cleared.jsonl'));
    turns.sessionChanged(session);
    vi.advanceTimersByTime(2100);
    expect(message('m1')).toMatchObject({ state: 'answered', answer: 'found in the old one' });
  });

  it('idle without an end, and no answer anywhere: interrupted', async () => {
    const { turns, session, message, deliver, write } = await aStage('m1');
    deliver('m1', 'p1');
    write('m1');
    turns.sessionChanged(session);
    vi.advanceTimersByTime(1900);
    expect(message('m1').state).toBe('delivered');
    vi.advanceTimersByTime(200);
    expect(message('m1')).toMatchObject({ state: 'failed', reason: 'the turn was interrupted' });
  });
});
