/** What becomes of a message whose session has ended while claude worked on it, or may have. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Successors } from '../../../../src/daemon/delivery/successors.ts';
import { Journal } from '../../../../src/daemon/messages/journal.ts';
import { MessageStore } from '../../../../src/daemon/messages/message-store.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { markOf } from '../../../../src/protocol/attribution.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const id = 'mabcdefghijkmnp2';
const own = '0b9d9f9e-5f0e-4a39-8a4e-3b1f1f2d7c55';
const forks = '1b9d9f9e-5f0e-4a39-8a4e-3b1f1f2d7c55';
const prompt = { type: 'user', promptId: 'p1', message: { content: `${markOf({ id })} from me]\ngo` } };
const answer = {
  type: 'assistant',
  message: { stop_reason: 'end_turn', content: [{ type: 'text', text: 'it is done' }] },
};

/** A message that was leased to a session which has ended since. */
async function anOrphan() {
  const configDir = temporaryFolder();
  const clock = new TestClock();
  const journal = new Journal(join(configDir, 'journal.ndjson'));
  const store = new MessageStore({ journal, log: () => undefined, clock });
  onTestFinished(() => {
    store.close();
    journal.close();
  });
  const table = new SessionTable(clock);
  const { session } = table.ensure({ pid: 100, startTime: '100', cwd: '/work/api', configDir });
  session.fileRead(aSessionFile({ sessionId: own }));
  await store.accept(aMessage(id, { recipient: session.id }));
  store.move(id, { state: 'leased', route: 'wake', leaseDeadline: 1 });
  table.remove(session);
  const dir = join(configDir, 'projects', '-work-api');
  mkdirSync(dir, { recursive: true });
  const pathOf = (name: string): string => join(dir, `${name}.jsonl`);
  return {
    message: store.get(id)!,
    pathOf,
    write: (name: string, ...records: object[]) =>
      writeFileSync(pathOf(name), records.map((one) => `${JSON.stringify(one)}\n`).join('')),
    /** The process that claude has put the conversation into. */
    fork: () => {
      const { session: forked } = table.ensure({ pid: 200, startTime: '200', cwd: '/elsewhere', configDir });
      forked.fileRead(aSessionFile({ pid: 200, sessionId: forks, cwd: '/work/api' }));
      return forked;
    },
    end: () => new Successors(table, store, () => false).orphan(store.get(id)!, session),
  };
}

describe(`a message whose session has ended ${verifies('exactly-once')}`, () => {
  it('has the answer that stands in its transcript', async () => {
    const { message, write, end } = await anOrphan();
    write(own, prompt, answer);
    end();
    expect(message).toMatchObject({ state: 'answered', answer: 'it is done' });
  });

  it('has the answer that a fork has given', async () => {
    const { message, write, end } = await anOrphan();
    write(own, { type: 'user', message: { content: 'before' } });
    write(forks, prompt, answer);
    end();
    expect(message).toMatchObject({ state: 'answered', answer: 'it is done' });
  });

  it('is the fork’s, which still works on it', async () => {
    const { message, write, fork, end } = await anOrphan();
    write(own, { type: 'user', message: { content: 'before' } });
    write(forks, prompt);
    const forked = fork();
    expect(end()).toBe(forked);
    expect(message).toMatchObject({ state: 'delivered', recipient: { id: forked.id } });
  });

  it('has failed where nobody works on it any more', async () => {
    const { message, write, end } = await anOrphan();
    write(own, prompt);
    end();
    expect(message).toMatchObject({ state: 'failed', reason: 'the session ended before its turn did' });
  });

  it.runIf(process.platform === 'linux')('stands still where a transcript cannot be read', async () => {
    const { message, pathOf, end } = await anOrphan();
    symlinkSync('/proc/self/mem', pathOf(own));
    end();
    expect(message).toMatchObject({ state: 'stuck', reason: expect.stringContaining('could not be read') });
  });
});
