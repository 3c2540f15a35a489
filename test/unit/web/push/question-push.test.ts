import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Question } from '../../../../src/protocol/question.ts';
import { Devices } from '../../../../src/web/devices.ts';
import { EventRing } from '../../../../src/web/event-ring.ts';
import { PushSubscriptions } from '../../../../src/web/push/push-subscriptions.ts';
import { pushText, QuestionPush } from '../../../../src/web/push/question-push.ts';
import type { PushMessage, PushOutcome } from '../../../../src/web/push-service.ts';
import { verifies } from '../../../requirements.ts';
import { aQuestion } from '../../../support/a-question.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const subscription = { endpoint: 'https://push.example/a-secret', keys: { p256dh: 'p', auth: 'a' } };

/** A server with devices, whose pushes go nowhere. */
function scene(push: 'off' | 'brief' | 'full' = 'brief') {
  const home = temporaryFolder();
  const devices = new Devices({ HOME: home, CLAUDEX_HOME: `${home}/claudex` });
  const subscriptions = new PushSubscriptions(devices);
  const ring = new EventRing();
  const sent: PushMessage[] = [];
  const outcomes: PushOutcome[] = [];
  const logged: string[] = [];
  const asked: Question[] = [];
  const pusher = new QuestionPush({
    ring,
    questions: async () => asked,
    subscriptions,
    keys: () => ({ publicKey: 'k', privateKey: 's' }),
    settings: { 'web.push': push, 'web.pushAfterMs': 3000, 'web.pushContact': null, 'web.pushPrivate': false },
    send: async (message) => {
      sent.push(message);
      return outcomes.shift() ?? { kind: 'sent' };
    },
    log: (event, fields) => void logged.push(JSON.stringify({ event, ...fields })),
  });
  const addDevice = (): string => {
    const { device } = devices.add({ name: 'phone', kind: 'browser', scopes: ['view'], target: null });
    subscriptions.keep(device.id, subscription);
    return device.id;
  };
  const ask = (fields: Partial<Question> = {}): void => ring.add('question', { question: aQuestion(fields) });
  return { devices, subscriptions, ring, sent, outcomes, logged, asked, pusher, addDevice, ask };
}

describe(`questions are pushed ${verifies('web-push')}`, () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('once, to each device, when nobody has answered for a while', async () => {
    const { addDevice, ask, sent } = scene();
    addDevice();
    addDevice();
    ask();
    await vi.advanceTimersByTimeAsync(2999);
    expect(sent).toEqual([]);
    ask({ shown: 'the same, told again' });
    await vi.advanceTimersByTimeAsync(1);
    expect(sent.map(({ topic, payload }) => [topic, JSON.parse(payload)])).toEqual(
      Array(2).fill([
        'q-anwmzs',
        { title: 'api asks', body: 'May it use Bash?', tag: 'q-anwmzs', hash: '#/session/k7m2p9qd/terminal' },
      ]),
    );
    ask();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(2);
  });

  it('never when it is over by then, or the server ends', async () => {
    const { addDevice, ask, sent, pusher } = scene();
    addDevice();
    ask();
    ask({ state: 'answered' });
    await vi.advanceTimersByTimeAsync(10_000);
    ask({ id: 'q-second' });
    pusher.close();
    ask({ id: 'q-third' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toEqual([]);
  });

  it('also what was asked while the daemon was not listened to; what went away meanwhile is over', async () => {
    const { addDevice, ask, asked, ring, sent } = scene();
    addDevice();
    ask({ id: 'q-gone00' });
    asked.push(aQuestion({ id: 'q-missed' }));
    ring.add('daemon', { state: 'up' });
    await vi.advanceTimersByTimeAsync(3000);
    expect(sent.map(({ topic }) => topic)).toEqual(['q-missed']);
  });

  it('again where the push service fails, as long as it is open; no more where the subscription is gone', async () => {
    const { addDevice, ask, sent, outcomes, subscriptions, logged } = scene();
    const device = addDevice();
    outcomes.push({ kind: 'unreachable', why: 'ECONNREFUSED' }, { kind: 'refused', status: 503 }, { kind: 'gone' });
    ask();
    await vi.advanceTimersByTimeAsync(3000);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(sent).toHaveLength(3);
    expect(subscriptions.has(device)).toBe(false);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(3);
    expect(logged.map((line) => JSON.parse(line).event)).toEqual([
      'push-failed',
      'push-failed',
      'push-subscription-gone',
    ]);
    expect(logged.join()).not.toContain('a-secret');
  });

  it('answered between two tries it is not told of any more', async () => {
    const { addDevice, ask, sent, outcomes } = scene();
    addDevice();
    outcomes.push({ kind: 'refused', status: 503 });
    ask();
    await vi.advanceTimersByTimeAsync(3000);
    ask({ state: 'withdrawn' });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(1);
  });

  it('not to a device that was revoked, and nothing when it is switched off', async () => {
    const { addDevice, ask, sent, devices, subscriptions } = scene();
    const device = addDevice();
    devices.revoke(device);
    // a request of its that was under way when it was revoked
    subscriptions.keep(device, subscription);
    ask();
    await vi.advanceTimersByTimeAsync(3000);
    expect(sent).toEqual([]);
    expect(subscriptions.has(device)).toBe(false);
    const off = scene('off');
    off.addDevice();
    off.ask();
    await vi.advanceTimersByTimeAsync(3000);
    expect(off.sent).toEqual([]);
  });

  it('says who asks and for which tool; what would run only where that is wished, within the size of a push', () => {
    const secret = aQuestion({ shown: 'deploy --key hunter2' });
    expect(JSON.stringify(pushText(secret, false))).not.toContain('hunter2');
    expect(pushText(secret, true).body).toBe('Bash: deploy --key hunter2');
    const choices = [{ question: 'Which one?', header: '', multiSelect: false, options: [] }];
    expect(pushText(aQuestion({ kind: 'question', choices }), true).body).toBe('Which one?');
    expect(pushText(aQuestion({ kind: 'question', choices }), false).body).toBe('A question');
    expect(pushText(aQuestion({ kind: 'plan', shown: '# Plan' }), false).body).toBe('A plan to approve');
    const long = pushText(aQuestion({ name: '漢'.repeat(500), shown: '漢'.repeat(5000) }), true);
    expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(3993);
  });
});
