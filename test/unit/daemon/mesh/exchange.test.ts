/** Messages between two machines' daemons, whatever lies between them does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mostUnderWay } from '../../../../src/daemon/mesh/lane.ts';
import { mostPieces } from '../../../../src/mesh/mailbox.ts';
import { newMessageId } from '../../../../src/protocol/attribution.ts';
import type { OutgoingMail } from '../../../../src/protocol/machine-mail.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { MachineParts } from '../../../support/machine-pair.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

describe(`messages between two machines ${verifies('mesh-sending')}`, () => {
  let folder: string;
  const machines: MachineParts[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cxt-pair-'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    for (const one of machines.splice(0)) one.close();
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(name: 'a' | 'b', clock: TestClock, options = {}): MachineParts {
    const machine = new MachineParts(folder, name, name === 'a' ? 'b' : 'a', clock, options);
    machines.push(machine);
    return machine;
  }

  async function send(from: MachineParts, more: Partial<Message> = {}): Promise<string> {
    const id = newMessageId();
    const message = aMessage(id, { ...more, recipient: null });
    message.recipient = { id: null, name: 'work', cwd: '', machine: 'b', target: 'work' };
    await from.store.accept(message);
    return id;
  }

  /** Everything that is to go, goes, until nothing is. */
  async function talk(a: MachineParts, b: MachineParts): Promise<void> {
    for (let some = true; some; ) {
      some = false;
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const mails = from.take('l');
        some ||= mails.length > 0;
        await to.hear(mails, from.name);
        for (const { key } of mails) from.done(key);
      }
    }
  }
  const statesOf = (machine: MachineParts, ids: readonly string[]) => ids.map((id) => machine.store.get(id)?.state);

  it('one is let go of on the other machine’s word, and what becomes of it there comes back', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const id = await send(a);
    const [mail] = a.take('l');
    expect(mail).toMatchObject({ key: id, to: 'b', kind: 'message', body: { id, target: 'work', after: null } });
    a.done(id);
    expect(a.store.get(id)?.state).toBe('sent');
    await b.hear([mail!], 'a');
    await talk(a, b);
    expect(a.store.get(id)).toMatchObject({
      state: 'arrived',
      recipient: { machine: 'b', name: 'work', cwd: '/work' },
    });
    b.store.move(id, { state: 'leased', route: 'paste' });
    b.store.move(id, { state: 'delivered', route: 'paste' });
    b.store.move(id, { state: 'answered', answer: 'yes' });
    await talk(a, b);
    expect(a.store.get(id)).toMatchObject({ state: 'answered', route: 'paste', answer: 'yes' });
    expect(b.store.get(id)?.sender).toMatchObject({ kind: 'peer', label: 'machine a: the user', machine: 'a' });
  });

  it('a second copy is the same message; an older word changes nothing', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const id = await send(a);
    const mails = a.take('l');
    await b.hear([...mails, ...mails], 'a');
    const words = b.take('l');
    b.store.move(id, { state: 'delivered', route: 'paste' });
    await b.hear(mails, 'a');
    await a.hear(b.take('l'), 'b');
    await a.hear(words, 'b');
    expect(a.store.get(id)?.state).toBe('delivered');
    expect(b.store.mailbox.all()).toHaveLength(1);
  });

  it('one that came before the one it was sent behind waits for it', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const ids = [await send(a), await send(a)];
    const [first, second] = a.take('l');
    expect(second).toMatchObject({ body: { after: ids[0] } });
    expect(await b.hear([second!], 'a')).toEqual([{ verdict: 'later' }]);
    await b.hear([first!, second!], 'a');
    expect(b.store.mailbox.all().map((one) => one.id)).toEqual(ids);
  });

  it('one that is refused there fails, with the reason, and what follows it goes in', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const wrong = await send(a);
    a.store.readdress(wrong, { id: null, name: 'nobody', cwd: '', machine: 'b', target: 'nobody' });
    const next = await send(a);
    await b.hear(a.take('l'), 'a');
    await talk(a, b);
    expect(a.store.get(wrong)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/^b: .*"nobody"/) });
    expect(a.store.get(next)?.state).toBe('arrived');
  });

  it('a machine that may not send here is told so', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock, { maySend: false })];
    const id = await send(a);
    await talk(a, b);
    expect(a.store.get(id)).toMatchObject({ state: 'failed', reason: expect.stringContaining('mesh.send') });
    expect(b.store.mailbox.all()).toEqual([]);
  });

  it('taken back before it came, on its way, and there', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const [queued, under, there, late] = [await send(a), await send(a), await send(a), await send(a)];
    expect(a.outbox.cancel(a.store.get(queued)!)).toBe(true);
    expect(a.store.get(queued)?.state).toBe('cancelled');
    const mails = a.take('l');
    for (const id of [under, there, late]) a.done(id);
    expect(a.outbox.cancel(a.store.get(under)!)).toBe(true);
    expect(a.store.get(under)).toMatchObject({ state: 'sent', cancelling: true });
    // both lie in front of a machine that was away
    await b.hear([...mails, ...a.take('l')], 'a');
    expect(b.store.get(under)?.history.map(({ state }) => state)).toEqual(['cancelled']);
    await talk(a, b);
    b.store.move(late, { state: 'delivered', route: 'paste' });
    for (const id of [there, late]) expect(a.outbox.cancel(a.store.get(id)!)).toBe(true);
    await talk(a, b);
    expect(statesOf(a, [queued, under, there, late])).toEqual(['cancelled', 'cancelled', 'cancelled', 'delivered']);
    expect(a.store.get(late)?.cancelling).toBeUndefined();
    // one that comes after its taking back
    const lost = await send(a);
    const [lostMail] = a.take('l');
    a.done(lost);
    a.outbox.cancel(a.store.get(lost)!);
    await talk(a, b);
    await b.hear([lostMail!], 'a');
    expect(statesOf(b, [lost])).toEqual(['cancelled']);
    expect(statesOf(a, [lost])).toEqual(['cancelled']);
  });

  it('one whose time is over when it comes never goes in', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const id = await send(a, { expiresAt: clock.timeOfDay() + 1000 });
    const mails = a.take('l');
    clock.pass(2000);
    await b.hear(mails, 'a');
    await talk(a, b);
    expect(b.store.get(id)?.history.map(({ state }) => state)).toEqual(['expired']);
    expect(a.store.get(id)?.state).toBe('expired');
  });

  it('a machine says nothing of messages that are not its own, and takes no other one’s id', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const id = await send(a);
    await talk(a, b);
    const word = {
      key: 'x',
      to: 'a',
      kind: 'states',
      body: { words: [{ id, rev: 9e15, state: 'failed' }] },
    } as OutgoingMail;
    await a.hear([word], 'c');
    expect(a.store.get(id)?.state).toBe('arrived');
    const verdicts = await b.hear([{ key: 'y', to: 'b', kind: 'cancel', body: { id } }], 'c');
    expect(verdicts).toMatchObject([{ verdict: 'refused' }]);
    expect(b.store.get(id)?.state).toBe('queued');
    const nonsense = [
      { kind: 'message', body: { id: '../x' } },
      { kind: 'states', body: 7 },
      { kind: 'x', body: {} },
    ];
    for (const one of nonsense)
      expect(await b.hear([{ ...one, key: 'z', to: 'b' } as OutgoingMail], 'a')).toMatchObject([
        { verdict: 'refused' },
      ]);
  });

  it('what lies in front of a machine that is away fits into its mailbox with all of it taken back', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    const ids: string[] = [];
    for (let at = 0; at < 100; at++) ids.push(await send(a));
    const pieces: OutgoingMail[] = [];
    const takeAll = (): void => {
      for (let mails = a.take('l'); mails.length > 0; mails = a.take('l')) {
        pieces.push(...mails);
        for (const { key } of mails) a.done(key);
      }
    };
    takeAll();
    expect(pieces.length).toBe(mostUnderWay);
    expect(statesOf(a, ids).slice(mostUnderWay - 1, mostUnderWay + 1)).toEqual(['sent', 'queued']);
    for (const id of ids) a.outbox.cancel(a.store.get(id)!);
    takeAll();
    expect(pieces.length).toBeLessThanOrEqual(mostPieces);
    await b.hear(pieces, 'a');
    await talk(a, b);
    expect(new Set(statesOf(a, ids))).toEqual(new Set(['cancelled']));
    expect(b.store.mailbox.openFor('workwork')).toEqual([]);
  });

  it('a machine whose mailbox is full is told later, of everything together', async () => {
    const clock = new TestClock();
    const [a, b] = [start('a', clock), start('b', clock)];
    for (let at = 0; at < 3; at++) await send(a);
    await b.hear(a.take('l'), 'a');
    const first = b.take('l');
    expect(first).toMatchObject([{ kind: 'states' }]);
    b.done(first[0]!.key, 'full');
    expect(b.take('l')).toEqual([]);
    vi.advanceTimersByTime(5000);
    const again = b.take('l');
    expect(again).toMatchObject([{ kind: 'states', body: { words: [{}, {}, {}] } }]);
    expect(again[0]!.key).not.toBe(first[0]!.key);
  });

  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'each once and in order, whatever is lost, doubled, late or dies (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const clock = new TestClock();
      let [a, b] = [start('a', clock), start('b', clock)];
      /** Pieces under way, of either direction; they come in any order, some twice, some never. */
      let air: Array<{ from: 'a' | 'b'; mail: OutgoingMail }> = [];
      let line = 0;
      const sent: string[] = [];
      const arrived: string[] = [];
      const noteArrivals = (machine: MachineParts): void =>
        machine.store.changed.add(
          ({ id, state, sender }) => void (state === 'queued' && sender.machine && arrived.push(id)),
        );
      noteArrivals(b);
      const step = async (isCalm: boolean): Promise<void> => {
        if (sent.length < 60 && random() < 0.5) sent.push(await send(a));
        for (const from of [a, b]) {
          for (const mail of from.take(`l${line}`)) {
            if (isCalm || random() < 0.8) air.push({ from: from.name as 'a' | 'b', mail });
            // what the server says may be lost too
            if (isCalm || random() < 0.8) from.done(mail.key, !isCalm && random() < 0.1 ? 'full' : undefined);
          }
        }
        for (let count = isCalm ? air.length : Math.floor(random() * 4); count > 0 && air.length > 0; count--) {
          const at = isCalm ? 0 : Math.floor(random() * Math.min(air.length, 3));
          const { from, mail } = air[at]!;
          const [verdict] = await (from === 'a' ? b : a).hear([mail], from);
          if (verdict!.verdict === 'later' && isCalm) air.push(...air.splice(at, 1));
          else if (verdict!.verdict !== 'later' && (isCalm || random() < 0.9)) air.splice(at, 1);
        }
        for (const message of b.store.mailbox.all()) {
          if (random() < 0.3 && message.state === 'queued' && b.store.mailbox.openFor('workwork')[0] === message)
            b.store.move(message.id, { state: 'delivered', route: 'paste' });
          else if (random() < 0.5 && message.state === 'delivered') b.store.move(message.id, { state: 'answered' });
        }
        if (!isCalm && random() < 0.05) line++;
        if (!isCalm && random() < 0.03) air = []; // the store is wiped
        if (!isCalm && random() < 0.04) {
          a.close();
          a = start('a', clock);
        }
        if (!isCalm && random() < 0.04) {
          b.close();
          b = start('b', clock);
          noteArrivals(b);
        }
        clock.pass(1000);
        vi.advanceTimersByTime(1000);
      };
      for (let steps = 0; steps < 200; steps++) await step(false);
      for (
        let steps = 0;
        steps < 900 && a.store.mailbox.pendingTotal() + a.store.mailbox.machines().length > 0;
        steps++
      )
        await step(true);
      expect(arrived).toEqual(sent);
      expect(statesOf(a, sent)).toEqual(sent.map(() => 'answered'));
    },
  );
});
