/** The chaos run's verdict must be able to fail: runs with one planted fault each, and one without. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PlannedMessage } from '../../../../bench/chaos/plan.ts';
import { tokenOf } from '../../../../bench/chaos/plan.ts';
import type { Promised } from '../../../../bench/chaos/senders.ts';
import { judge } from '../../../../bench/chaos/verdict.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';

const idOf = (number: number): string => `m${String(number).padStart(15, 'a').replaceAll(/[01]/g, 'z')}`;

/** A run in which messages 2…5 were promised, delivered and answered, in order, by one lane into one folder. */
function aRun() {
  const numbers = [2, 3, 4, 5];
  const projects = mkdtempSync(join(tmpdir(), 'claudex-verdict-'));
  onTestFinished(() => rmSync(projects, { recursive: true, force: true }));
  mkdirSync(join(projects, 'folder'));
  const promised = new Map<number, Promised>(
    numbers.map((number) => [
      number,
      {
        message: { number, key: `k${number}`, seat: 0, kind: 'task', handing: 'client' } as PlannedMessage,
        lane: '0/0',
        ids: new Set([idOf(number)]),
      },
    ]),
  );
  const messages: Message[] = numbers.map((number) =>
    aMessage(idOf(number), { key: `k${number}`, state: 'answered', route: 'paste' }),
  );
  let records = numbers.map((number) => ({
    type: 'user',
    steadyNs: `${number}000`,
    text: `[claudex ${idOf(number)} from me]\n${tokenOf(number)} do it`,
  }));
  return {
    promised,
    messages,
    records,
    replaceRecords: (next: typeof records) => {
      records = next;
    },
    judged() {
      const lines = records.map(({ type, steadyNs, text }) =>
        JSON.stringify({ type, steadyNs, cwd: '/f', message: { role: type, content: text } }),
      );
      writeFileSync(join(projects, 'folder', 'session.jsonl'), `${lines.join('\n')}\n`);
      return judge(promised, messages, projects);
    },
    kinds() {
      return this.judged().violations.map(({ kind, id }) => `${kind} ${id}`);
    },
  };
}

describe(`chaos verdict ${verifies('exactly-once', 'order-kept')}`, () => {
  it('a clean run passes, and every message was looked at', () => {
    expect(aRun().judged()).toMatchObject({ accepted: 4, answered: 4, byRoute: { paste: 4 }, violations: [] });
  });

  it('a message that is in no transcript is lost, whatever the daemon says', () => {
    const run = aRun();
    run.records.splice(1, 1);
    expect(run.kinds()).toEqual([`lost ${idOf(3)}`]);
  });

  it('an id that the daemon has forgotten is lost', () => {
    const run = aRun();
    run.messages.splice(2, 1);
    expect(run.kinds()).toEqual([`lost ${idOf(4)}`]);
  });

  it('a second record is a double, also when it is only a pointer to the message', () => {
    const run = aRun();
    run.records.push({
      type: 'user',
      steadyNs: '9000',
      text: `[claudex ${idOf(2)} from me]\nThis message is too long`,
    });
    expect(run.kinds()).toEqual([`doubled ${idOf(2)}`]);
  });

  it('two ids for one key are a double', () => {
    const run = aRun();
    run.promised.get(5)!.ids.add('mother');
    expect(run.kinds()).toEqual([`doubled ${idOf(5)}`]);
  });

  it('what overtakes another is reordered', () => {
    const run = aRun();
    run.records[2]!.steadyNs = '2500';
    expect(run.kinds()).toEqual([`reordered ${idOf(4)}`]);
  });

  it('what was accepted in another order than its lane sent it is reordered', () => {
    const run = aRun();
    run.messages.reverse();
    run.replaceRecords(run.records.map((one, index) => ({ ...one, steadyNs: `${9 - index}000` })));
    expect(run.kinds().sort()).toEqual([idOf(3), idOf(4), idOf(5)].map((id) => `reordered ${id}`));
  });

  it('what is still open is open', () => {
    const run = aRun();
    run.messages[0]!.state = 'queued';
    expect(run.kinds()).toEqual([`open ${idOf(2)}`]);
  });

  it('what failed because its session died in between may be in no transcript, and is counted', () => {
    const run = aRun();
    run.records.splice(0, 1);
    run.messages[0]!.state = 'failed';
    run.messages[0]!.reason = 'the session ended before its turn did';
    expect(run.judged()).toMatchObject({ failedUnseen: 1, violations: [] });
  });

  it('what stands still for a person is counted, in a transcript or not, and a double all the same', () => {
    const run = aRun();
    run.messages[0]!.state = 'stuck';
    run.messages[1]!.state = 'stuck';
    run.records.splice(0, 1);
    expect(run.judged()).toMatchObject({ stuck: 2, violations: [] });
    run.records.push({ ...run.records[0]!, steadyNs: '9000' });
    expect(run.kinds()).toEqual([`doubled ${idOf(3)}`]);
  });

  it('claude’s own words about a message are no delivery', () => {
    const run = aRun();
    run.records[3]!.type = 'assistant';
    expect(run.kinds()).toEqual([`lost ${idOf(5)}`]);
  });
});
