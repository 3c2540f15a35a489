import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectSlug } from '../../../src/claude/transcript/conversation-files.ts';
import {
  allFiles,
  findConversation,
  listedConversations,
  type WhereToLook,
} from '../../../src/history/find-conversation.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';

let configDir: string;
beforeEach(() => {
  configDir = mkdtempSync(join(tmpdir(), 'cxt-find-'));
});
afterEach(() => rmSync(configDir, { recursive: true, force: true }));

const id = (digit: string): string =>
  `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;

/** A conversation of one prompt, last written to `at` seconds after 1970. */
function conversation(digit: string, cwd: string, at: number, ...more: object[]): string {
  const path = join(configDir, 'projects', projectSlug(cwd), `${id(digit)}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  const prompt = { type: 'user', cwd, timestamp: 't', message: { content: `prompt ${digit}` } };
  writeFileSync(path, [{ type: 'mode' }, prompt, ...more].map((one) => `${JSON.stringify(one)}\n`).join(''));
  utimesSync(path, at, at);
  return path;
}

function session(more: Partial<SessionRecord>): SessionRecord {
  const base = {
    id: 'aaaa2222',
    name: 'api',
    alias: null,
    claudeName: null,
    cwd: '/work/api',
    pid: 1,
    sessionId: id('a'),
  };
  const rest = {
    transcriptPath: '/t.jsonl',
    state: 'idle',
    waitingFor: null,
    kind: 'interactive',
    supervised: true,
    viewers: 0,
    pending: 0,
    stuck: 0,
    peers: true,
  } as const;
  return { lastHook: null, ...base, ...rest, version: null, startedAt: '', lastActiveAt: '', ...more };
}

const where = (more: Partial<WhereToLook> = {}): WhereToLook => ({ sessions: [], names: [], configDir, ...more });
const found = (target: string, more: Partial<WhereToLook> = {}): string =>
  findConversation(target, where(more)).sessionId[0]!;
const code = (target: string, more: Partial<WhereToLook> = {}): string | undefined => {
  try {
    findConversation(target, where(more));
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe(`conversations ${verifies('history-target')}`, () => {
  it('finds what has ended in a folder whose name claude cuts', () => {
    const long = `/work/${'deep'.repeat(60)}`;
    const slug = projectSlug(long).slice(0, 200);
    for (const [digit, name, cwd] of [
      ['1', `${slug}-pqt0zi`, `${long}/api`],
      ['2', `${slug}-x1`, `${long}/web`],
    ] as const) {
      const prompt = { type: 'user', cwd, timestamp: 't', message: { content: 'go' } };
      mkdirSync(join(configDir, 'projects', name), { recursive: true });
      writeFileSync(join(configDir, 'projects', name, `${id(digit)}.jsonl`), `${JSON.stringify(prompt)}\n`);
    }
    expect(found(`${long}/api`)).toBe('1');
    expect(found('web')).toBe('2');
    expect([...listedConversations(where(), `${long}/web`)].map((one) => one.sessionId)).toEqual([id('2')]);
  });

  it('by session id and its beginning', () => {
    conversation('1', '/work/api', 10);
    conversation('2', '/work/web', 20);
    expect(found(id('1'))).toBe('1');
    expect(found('22222222')).toBe('2');
    expect(code('2222222')).toBe('NO_SUCH_CONVERSATION'); // seven: a folder's name
    expect(code(id('3'))).toBe('NO_SUCH_CONVERSATION');
  });

  it('by folder: the one written to last, by path or by name', () => {
    conversation('1', '/work/api', 10);
    conversation('2', '/work/api', 30);
    conversation('3', '/work/web', 20);
    expect(found('/work/api')).toBe('2');
    expect(found('/work/api/')).toBe('2');
    expect(found('API')).toBe('2');
    expect(found('web')).toBe('3');
    expect(code('/work')).toBe('NO_SUCH_CONVERSATION');
    expect(code('work-api')).toBe('NO_SUCH_CONVERSATION');
  });

  it('two folders of one name: says which; two folders of one slug: each its own', () => {
    conversation('1', '/work/api', 10);
    conversation('2', '/old/api', 20);
    expect(code('api')).toBe('AMBIGUOUS_CONVERSATION');
    conversation('3', '/x/a-b', 10);
    conversation('4', '/x/a/b', 20);
    expect(found('/x/a-b')).toBe('3');
    expect(found('/x/a/b')).toBe('4');
  });

  it('a live session goes first, its present conversation even when it has none yet', () => {
    conversation('1', '/work/api', 10);
    expect(found('api', { sessions: [session({})] })).toBe('a');
    expect(findConversation('/work/api', where({ sessions: [session({})] })).live?.id).toBe('aaaa2222');
    expect(code('api', { sessions: [session({ sessionId: null })] })).toBe('NO_SUCH_CONVERSATION');
    expect(code('api', { sessions: [session({}), session({ id: 'bbbb3333' })] })).toBe('AMBIGUOUS_TARGET');
    expect(found('11111111', { sessions: [session({})] })).toBe('1');
  });

  it('a name of an ended session', () => {
    conversation('1', '/work/api', 10);
    const names = [{ alias: 'Reviewer', id: 'gone4444', sessionId: id('1'), cwd: '/work/api' }];
    expect(found('reviewer', { names })).toBe('1');
    expect(code('reviewer', { names: [{ ...names[0]!, sessionId: null }] })).toBe('NO_SUCH_CONVERSATION');
  });

  it('other config folders, where a live session has one', () => {
    const other = mkdtempSync(join(tmpdir(), 'cxt-find-'));
    try {
      const path = conversation('1', '/work/api', 10);
      const live = session({ cwd: '/elsewhere', name: 'elsewhere', transcriptPath: path, sessionId: id('1') });
      expect(allFiles({ ...where({ sessions: [live] }), configDir: other }).map((file) => file.sessionId[0])).toEqual([
        '1',
      ]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('the list has name and first prompt; nothing that is no conversation', () => {
    conversation('1', '/work/api', 10, { type: 'custom-title', customTitle: 'my talk' });
    conversation('2', '/work/web', 20);
    const folder = join(configDir, 'projects', '-work-api');
    writeFileSync(join(folder, 'agent-123.jsonl'), '{}');
    writeFileSync(join(folder, `${id('5')}.jsonl`), '{"type":"mode"}\n');
    mkdirSync(join(folder, `${id('6')}.jsonl`));
    writeFileSync(join(configDir, 'projects', 'a-file'), '');
    const list = [...listedConversations(where())];
    expect(list.map((one) => [one.sessionId[0], one.title, one.firstPrompt, one.cwd])).toEqual([
      ['2', null, 'prompt 2', '/work/web'],
      ['1', 'my talk', 'prompt 1', '/work/api'],
    ]);
    expect([...listedConversations(where(), '/work/web')]).toHaveLength(1);
    expect([...listedConversations({ ...where(), configDir: '/nowhere' })]).toEqual([]);
  });

  it('once, however many links lead to it; a link that leads nowhere is none', () => {
    const path = conversation('1', '/work/api', 10);
    symlinkSync(dirname(path), join(configDir, 'projects', projectSlug('/work/moved')));
    const other = `${configDir}-linked`;
    symlinkSync(configDir, other);
    symlinkSync(`${id('3')}.jsonl`, join(dirname(path), `${id('3')}.jsonl`));
    symlinkSync('nowhere', join(dirname(path), `${id('4')}.jsonl`));
    try {
      const live = session({ transcriptPath: join(other, 'projects', projectSlug('/work/other'), `${id('9')}.jsonl`) });
      expect(allFiles(where({ sessions: [live] })).map((file) => file.path)).toEqual([path]);
      expect(found('11111111', { sessions: [live] })).toBe('1');
    } finally {
      rmSync(other);
    }
  });
});
