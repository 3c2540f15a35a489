import { describe, expect, it, vi } from 'vitest';
import { AgentRefusal, readRequest } from '../../../src/mesh/agents/agent-request.ts';
import { signerOf } from '../../../src/mesh/agents/agent-sender.ts';
import { AgentTokens, safeToken } from '../../../src/mesh/agents/agent-tokens.ts';
import { PromptPlaces } from '../../../src/mesh/agents/prompt-places.ts';
import { PromptStream, pieces } from '../../../src/mesh/agents/prompt-stream.ts';
import { answerIn, queryText } from '../../../src/mesh/agents/question-query.ts';
import { ReplayGuard } from '../../../src/mesh/asks/replay-guard.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import { verifies } from '../../requirements.ts';
import { signature } from '../../support/agent-client.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe(`an agent of the Synadia Agent Protocol ${verifies('mesh-agents')}`, () => {
  it('reads text and JSON alike, and refuses what is neither', () => {
    expect(readRequest(bytes('plain\u001b[2J words\n'))).toBe('plain words');
    expect(readRequest(bytes('\n {"prompt":"a\\u001b[31mb","attachments":[],"more":1}'))).toBe('ab');
    expect(readRequest(bytes('[1,2]'))).toBe('[1,2]');
    const word = (data: Uint8Array): string => {
      try {
        readRequest(data);
      } catch (error) {
        return (error as AgentRefusal).word;
      }
      return 'taken';
    };
    for (const bad of ['', ' ', '{"prompt":""}', '{"prompt":["x"]}', '{}', '{"prompt":"x","attachments":"y"}'])
      expect(word(bytes(bad)), bad).toBe('bad_request');
    expect(word(bytes('{"prompt":"x","attachments":[1]}'))).toBe('attachments_not_supported');
    expect(word(bytes('x'.repeat(262_144)))).toBe('taken');
    expect(word(bytes('x'.repeat(262_145)))).toBe('prompt_too_large');
  });

  it('cuts an answer into pieces, and no character in two', () => {
    expect(pieces('', 4)).toEqual([]);
    expect(pieces('abcd', 4)).toEqual(['abcd']);
    expect(pieces('abc😀d', 4)).toEqual(['abc', '😀d']);
    const text = 'x😀'.repeat(1000);
    expect(pieces(text, 7).join('')).toBe(text);
    expect(pieces(text, 7).every((one) => one.isWellFormed())).toBe(true);
  });

  it('ends a stream once, with a message that has no body and no headers', () => {
    const sent: Array<[string, string | undefined]> = [];
    const stream = new PromptStream((data, options) => sent.push([data, options?.headers.get('Nats-Service-Error')]));
    stream.begin();
    stream.status('two\nlines');
    stream.fail(new AgentRefusal(429, 'too_many', 'It’s\r\nfull ✓'));
    stream.answer('late');
    stream.fail(new AgentRefusal(500, 'late', 'late'));
    expect(sent).toEqual([
      ['{"type":"status","data":"ack"}', undefined],
      ['{"type":"status","data":"two lines"}', undefined],
      ['{"error":"too_many","message":"It’s\\r\\nfull ✓"}', "It's full ?"],
      ['', undefined],
    ]);
  });

  it('says something every 20 s until the end, because callers give up after 60', () => {
    vi.useFakeTimers();
    try {
      const sent: string[] = [];
      const stream = new PromptStream((data) => sent.push(data));
      stream.begin();
      vi.advanceTimersByTime(45_000);
      expect(sent.slice(1)).toEqual(Array(2).fill('{"type":"status","data":"keepalive"}'));
      stream.answer('');
      expect(sent.at(-1)).toBe('');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gives each session a token that stays, whoever comes beside it', () => {
    expect(['API v2.1', 'Ünï.*>$', '…', '--a--', 'x'.repeat(60)].map(safeToken)).toEqual([
      'api-v2-1',
      'uni',
      'session',
      'a',
      'x'.repeat(40),
    ]);
    const one = (id: string, alias: string | null, at = 1) => ({ id, alias, name: 'web', startedAt: `2026-01-0${at}` });
    const tokens = new AgentTokens();
    const given = (...sessions: Array<ReturnType<typeof one>>) => Object.fromEntries(tokens.assign(sessions));
    expect(given(one('bbbbbbbb', null, 2), one('aaaaaaaa', null, 1))).toEqual({
      aaaaaaaa: 'web',
      bbbbbbbb: 'web-bbbbbbbb',
    });
    // an older one comes to be known, and the first one goes: nobody else's changes
    expect(given(one('bbbbbbbb', null, 2), one('cccccccc', 'Web', 0))).toEqual({
      bbbbbbbb: 'web-bbbbbbbb',
      cccccccc: 'web',
    });
    expect(given(one('bbbbbbbb', 'api', 2), one('cccccccc', 'API', 0))).toEqual({
      bbbbbbbb: 'api-bbbbbbbb',
      cccccccc: 'api',
    });
    // nobody takes another one's id for a name
    expect(given(one('dddddddd', 'bbbbbbbb'), one('bbbbbbbb', 'api', 2))).toEqual({
      bbbbbbbb: 'api-bbbbbbbb',
      dddddddd: 'bbbbbbbb-dddddddd',
    });
  });

  it('has so many places for a session, a caller and all', () => {
    const places = new PromptPlaces();
    const leave = Array.from({ length: 8 }, () => places.take('a', 'x'));
    expect(() => places.take('a', 'y')).toThrow('This session has 8');
    leave[0]!();
    leave.push(places.take('a', 'y'));
    for (let count = 0; count < 16; count++) leave.push(places.take(`s${count}`, 'x'));
    for (let count = 0; count < 1; count++) leave.push(places.take('t', 'x'));
    expect(() => places.take('u', 'x')).toThrow('This caller has 24');
    places.take('u', 'z')();
  });

  it('believes a sender that has signed this request now, and once', () => {
    const { seed, publicKey } = newKey();
    const now = Date.now();
    const guard = new ReplayGuard(now - 1000);
    const subject = 'agents.prompt.cc.devbox.api';
    const of = (header: string, more: object = {}) =>
      signerOf({ subject, data: bytes('hi'), header, ...more }, guard, now);
    const header = signature(seed, subject, 'hi', now);
    expect(of('')).toBeUndefined();
    expect(of(header)).toBe(publicKey);
    expect(() => of(header)).toThrow('does not hold');
    const fresh = (at = now): string => signature(seed, subject, 'hi', at);
    expect(() => of(fresh(), { data: bytes('ho') })).toThrow('does not hold');
    expect(() => of(fresh(), { subject: `${subject}2` })).toThrow('does not hold');
    expect(() => of(fresh(now - 600_000))).toThrow('does not hold');
    expect(() => of(fresh().replace(publicKey, newKey().publicKey))).toThrow('does not hold');
    for (const bad of [
      '{',
      '3',
      '{"v":"1"}',
      fresh().replace('"U', '"X'),
      fresh().replace(/"nonce":"[^"]*"/, '"nonce":"a b"'),
    ])
      expect(() => of(bad), bad).toThrow('malformed');
    expect(of(fresh().replace('"v":1', '"v":2'))).toBeUndefined();
    expect(of(fresh().replace(/,"sig":"[^"]*"/, ''))).toBeUndefined();
  });

  it('asks what claude asks in words, and understands the answer', () => {
    const permission = { kind: 'permission' as const, tool: 'Bash', shown: 'rm -r x', choices: [] };
    expect(queryText(permission)).toContain('whether Bash may run:\n\nrm -r x\n');
    expect(
      [' Yes', 'no', 'no: too much\nof it', 'NO, wait', 'perhaps', 'nobody', 'yesterday'].map((one) =>
        answerIn(one, permission),
      ),
    ).toEqual([
      { decision: 'allow' },
      { decision: 'deny' },
      { decision: 'deny', message: 'too much\nof it' },
      { decision: 'deny', message: 'wait' },
      undefined,
      undefined,
      undefined,
    ]);
    const options = ['Red', 'Blue'].map((label) => ({ label, description: 'a\u202ecolour' }));
    const choice = (question: string) => ({ question, header: '', multiSelect: false, options });
    const question = {
      kind: 'question' as const,
      tool: 'AskUserQuestion',
      shown: '',
      choices: [choice('Which?'), choice('And?')],
    };
    expect(queryText(question)).toContain('1. Which?\n  1. Red (a⟨U+202E⟩colour)\n');
    expect(answerIn('2\nmauve', question)).toEqual({ decision: 'answer', answers: [['Blue'], 'mauve'] });
    expect(() => answerIn('2', question)).toThrow('Question 2 has no answer');
    expect(() => answerIn('9\n1', question)).toThrow('no option 9');
  });
});
