/** What comes over the wire, field by field: what is taken, what a field is when it is missing, and which error names it. */
import { describe, expect, it } from 'vitest';
import { maxBodyBytes, routes } from '../../../src/protocol/message.ts';
import {
  parseCount,
  parseGateReport,
  parseLeaseReport,
  parseNaming,
  parseQuestionReport,
  parseSendRequest,
  parseStartRequest,
  parseSupervisorAnswer,
  parseSupervisorHello,
  parseWhoami,
} from '../../../src/protocol/parse.ts';
import { startQuestions } from '../../../src/protocol/session.ts';
import { gateReasons } from '../../../src/protocol/wire.ts';

type Parse = (value: never) => unknown;

/** The error of that request: it is BAD_REQUEST and says exactly this. */
function expectRefused(parse: Parse, value: unknown, facts: string): void {
  expect(() => parse(value as never), JSON.stringify(value)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', facts }),
  );
}

/** `base` is taken; with `key` as one of `wrong` it is refused by that name. */
function expectEach(parse: Parse, base: object, key: string, wrong: readonly unknown[], facts: string): void {
  expect(() => parse(base as never)).not.toThrow();
  for (const value of wrong) expectRefused(parse, { ...base, [key]: value }, facts);
}

const noText = [7, null, '', [], {}, true, 'x'.repeat(4097)];
const aText = (key: string): string => `"${key}" must be a text of 1 to 4096 characters.`;
const noCount = [-1, 1.5, '1', Number.MAX_SAFE_INTEGER + 1, null, true];
const aCount = (key: string): string => `"${key}" must be a whole number.`;

const hello = { pid: 1, startTime: '2', supervisorPid: 3, cwd: '/w', configDir: '/c' };
const send = { target: 'api', body: 'go', sender: { kind: 'user', label: 'me' } };
const start = { cwd: '/w', args: ['--model', 'x'], env: { PATH: '/bin' } };
const all: Array<[name: string, parse: Parse]> = [
  ['send', parseSendRequest],
  ['hello', parseSupervisorHello],
  ['start', parseStartRequest],
  ['lease', parseLeaseReport],
  ['gate', parseGateReport],
  ['whoami', parseWhoami],
  ['naming', parseNaming],
  ['question', parseQuestionReport],
  ['answer', parseSupervisorAnswer],
];

it.each(all)('%s: a body that is no object is refused', (_, parse) => {
  for (const value of [null, undefined, [], 'x', 7, true]) {
    expectRefused(parse, value, 'The body must be a JSON object.');
  }
});

describe('a send', () => {
  it('has what was given, and what is meant by what was not', () => {
    expect(parseSendRequest(send)).toStrictEqual({
      target: 'api',
      body: 'go',
      kind: 'task',
      when: 'idle',
      sender: { kind: 'user', label: 'me' },
      hold: false,
    });
    const given = {
      target: 'api',
      body: '',
      kind: 'note',
      when: 'now',
      sender: { kind: 'peer', label: 'x', id: 's1', cwd: '/w' },
      hold: true,
      route: 'paste',
      replyTo: 'm1',
      key: 'k',
      notBefore: 0,
      delayMs: 1,
      expiresAt: 2,
    };
    const caller = { pids: [1], configDir: '/c' };
    expect(parseSendRequest({ ...given, caller, unknown: 1 })).toStrictEqual({
      ...given,
      caller: { ...caller, exact: false },
    });
  });

  it('names the field that is wrong', () => {
    const each = (key: string, wrong: readonly unknown[], facts: string) =>
      expectEach(parseSendRequest, send, key, wrong, facts);
    each('body', [7, null, undefined, {}], '"body" must be a text.');
    each('kind', ['x', 7, ''], '"kind" must be one of task, note.');
    each('when', ['later', 7], '"when" must be one of idle, now.');
    each('hold', ['yes', 1], '"hold" must be true or false.');
    each('route', ['x', null, 7], `"route" must be one of ${routes.join(', ')}.`);
    for (const key of ['target', 'replyTo', 'key']) each(key, noText, aText(key));
    for (const key of ['notBefore', 'delayMs', 'expiresAt']) each(key, noCount, aCount(key));
    each('sender', [undefined, null, {}, { label: 'me' }], '"sender.kind" must be one of user, peer.');
    each('sender', [7, 'me', []], 'The body must be a JSON object.');
    const label = '"sender.label" must be a text of 1 to 200 characters.';
    each('sender', [{ kind: 'user' }, { kind: 'user', label: 'x'.repeat(201) }], label);
    each('sender', [{ kind: 'user', label: 'me', id: 7 }], aText('sender.id'));
    each('sender', [{ kind: 'user', label: 'me', cwd: '' }], aText('sender.cwd'));
    each('caller', [{ pids: 'x', configDir: '/c' }], '"pids" must be a list of at most 64 whole numbers.');
    each('caller', [null, 7], 'The body must be a JSON object.');
  });

  it('takes texts up to their bounds', () => {
    const label = 'x'.repeat(200);
    const taken = { ...send, target: 'x'.repeat(4096), sender: { kind: 'user', label } };
    expect(parseSendRequest(taken)).toMatchObject(taken);
    expect(parseSendRequest({ ...send, body: 'x'.repeat(maxBodyBytes) })).toHaveProperty('body.length', maxBodyBytes);
    // in bytes
    const tooLarge = { ...send, body: 'ü'.repeat(maxBodyBytes / 2 + 1) };
    expect(() => parseSendRequest(tooLarge)).toThrow(
      expect.objectContaining({ code: 'MESSAGE_TOO_LARGE', facts: `It has ${maxBodyBytes + 2} bytes.` }),
    );
  });

  it('goes to several targets, one at least', () => {
    const { target: _, ...many } = send;
    expect(parseSendRequest({ ...many, targets: ['a', 'b'] })).toStrictEqual({
      targets: ['a', 'b'],
      body: 'go',
      kind: 'task',
      when: 'idle',
      sender: send.sender,
      hold: false,
    });
    const facts = '"targets" must be a list of texts, at least one.';
    expectEach(parseSendRequest, send, 'targets', [[], 'a', null, ['a', ''], ['a', 7], { length: 1 }], facts);
    expectRefused(parseSendRequest, many, aText('target'));
  });
});

describe('a supervisor’s hello', () => {
  it('has what was given', () => {
    expect(parseSupervisorHello(hello)).toStrictEqual(hello);
    expect(parseSupervisorHello({ ...hello, permissionMode: 'plan' })).toHaveProperty('permissionMode', 'plan');
  });

  it('names the field that is wrong', () => {
    for (const key of ['startTime', 'cwd', 'configDir', 'permissionMode']) {
      expectEach(parseSupervisorHello, hello, key, noText, aText(key));
    }
    for (const key of ['pid', 'supervisorPid']) {
      expectEach(parseSupervisorHello, hello, key, [...noCount, undefined], aCount(key));
    }
  });
});

describe('a start', () => {
  it('has what was given, and what is meant by what was not', () => {
    const missing = { claudeSessionId: null, keepWarm: false, restart: 'crash' };
    expect(parseStartRequest(start)).toStrictEqual({ ...start, ...missing });
    const given = {
      ...start,
      claudeSessionId: 'c',
      keepWarm: true,
      restart: 'never',
      name: 'api',
      idleTimeoutMs: 5,
    };
    expect(parseStartRequest(given)).toMatchObject(given);
    expect(parseStartRequest({ ...start, claudeSessionId: null })).toHaveProperty('claudeSessionId', null);
  });

  it('names the field that is wrong', () => {
    const each = (key: string, wrong: readonly unknown[], facts: string) =>
      expectEach(parseStartRequest, start, key, wrong, facts);
    each('args', [undefined, 'x', ['x', 7], {}], '"args" must be a list of texts.');
    each('env', [undefined, null, 'x', { A: 7 }, { A: 'x', B: 7 }], '"env" must be an object of texts.');
    each('cwd', ['w', './w', '~/w'], '"cwd" must be an absolute path.');
    each('cwd', noText, aText('cwd'));
    each('name', noText, aText('name'));
    each('claudeSessionId', [7, ''], aText('claudeSessionId'));
    each('keepWarm', ['yes'], '"keepWarm" must be true or false.');
    each('restart', ['always'], '"restart" must be one of crash, never.');
    each('idleTimeoutMs', noCount, aCount('idleTimeoutMs'));
  });
});

describe('reports', () => {
  it('of a lease: typed, or refused with one of the reasons', () => {
    const report = { messageId: 'm1', outcome: 'typed' };
    expect(parseLeaseReport(report)).toStrictEqual({ ...report, isLeft: false });
    const left = { ...report, lease: 2, isLeft: true };
    expect(parseLeaseReport({ ...left, reason: 'ignored' })).toStrictEqual(left);
    for (const reason of gateReasons) {
      const refused = { messageId: 'm1', lease: 1, outcome: 'refused', reason };
      expect(parseLeaseReport(refused)).toStrictEqual(refused);
    }
    expect(parseLeaseReport({ messageId: 'm1', outcome: 'refused', reason: 'draft' })).not.toHaveProperty('lease');
    expectEach(parseLeaseReport, report, 'messageId', noText, aText('messageId'));
    expectEach(parseLeaseReport, report, 'lease', noCount, aCount('lease'));
    expectEach(parseLeaseReport, report, 'outcome', ['x', undefined], '"outcome" must be one of refused, typed.');
    const reasons = `"reason" must be one of ${gateReasons.join(', ')}.`;
    expectRefused(parseLeaseReport, { messageId: 'm1', outcome: 'refused', reason: 'x' }, reasons);
  });

  it('of a gate: shut unless it says open', () => {
    expect([{ open: true }, { open: false }, {}].map(parseGateReport)).toEqual([
      { open: true },
      { open: false },
      { open: false },
    ]);
    expectRefused(parseGateReport, { open: 'yes' }, '"open" must be true or false.');
  });
});

describe('what a supervisor says of itself', () => {
  it('the question that stands on the screen at the start, or none any more', () => {
    for (const question of startQuestions) expect(parseQuestionReport({ question })).toStrictEqual({ question });
    expect(parseQuestionReport({ question: null })).toStrictEqual({ question: null });
    const facts = `"question" must be one of ${startQuestions.join(', ')}.`;
    for (const wrong of [{}, { question: 'x' }, { question: 7 }]) expectRefused(parseQuestionReport, wrong, facts);
  });

  it('what became of what it was asked: done, or why not', () => {
    expect(parseSupervisorAnswer({ request: 3 })).toStrictEqual({ request: 3 });
    expect(parseSupervisorAnswer({ request: 3, failure: null })).toStrictEqual({ request: 3 });
    expect(parseSupervisorAnswer({ request: 3, failure: { code: 'TIMEOUT', facts: 'x'.repeat(5000) } })).toStrictEqual({
      request: 3,
      failure: { code: 'TIMEOUT', facts: 'x'.repeat(4096) },
    });
    expect(parseSupervisorAnswer({ request: 3, failure: { code: 'TIMEOUT' } })).toStrictEqual({
      request: 3,
      failure: { code: 'TIMEOUT', facts: '' },
    });
    expectEach(parseSupervisorAnswer, { request: 3 }, 'request', [...noCount, undefined], aCount('request'));
    expectRefused(parseSupervisorAnswer, { request: 3, failure: {} }, aText('code'));
    expectRefused(parseSupervisorAnswer, { request: 3, failure: 'x' }, 'The body must be a JSON object.');
  });
});

describe('who asks, and what is named', () => {
  it('pids, nearest first', () => {
    const whoami = { pids: [3, 2, 1], configDir: '/c' };
    expect(parseWhoami(whoami)).toStrictEqual({ ...whoami, exact: false });
    expect(parseWhoami({ ...whoami, exact: true }).exact).toBe(true);
    expect(parseWhoami({ ...whoami, exact: 'yes' }).exact).toBe(false);
    const pids = Array.from({ length: 65 }, (_, index) => index);
    expect(parseWhoami({ ...whoami, pids: pids.slice(1) }).pids).toHaveLength(64);
    const facts = '"pids" must be a list of at most 64 whole numbers.';
    expectEach(parseWhoami, whoami, 'pids', [undefined, '1', [1, '2'], [1.5], [-1], [0], pids, { length: 1 }], facts);
    expectEach(parseWhoami, whoami, 'configDir', noText, aText('configDir'));
  });

  it('a name, or none any more', () => {
    expect(parseNaming({ target: 'api', alias: 'db' })).toStrictEqual({ target: 'api', alias: 'db' });
    expect(parseNaming({ target: 'api', alias: null })).toStrictEqual({ target: 'api', alias: null });
    expectEach(parseNaming, { target: 'api', alias: 'db' }, 'alias', [7, '', undefined], aText('alias'));
    expectEach(parseNaming, { target: 'api', alias: 'db' }, 'target', noText, aText('target'));
  });

  it('a count in a query, bounded', () => {
    const count = (query: string) => parseCount(new URLSearchParams(query), 'n', 100);
    expect([count(''), count('n=7'), count('n=100'), count('n=101'), count('n=999999999')]).toEqual([
      0, 7, 100, 100, 100,
    ]);
    for (const wrong of ['n=', 'n=x', 'n=-1', 'n=1.5', 'n=1x', 'n=x1', 'n=1234567890']) {
      expectRefused(() => count(wrong), undefined, '"n" must be a whole number.');
    }
  });
});
