/** The log: one JSON object a line, bounded, and nothing of what people wrote. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openLog } from '../../../src/home/log.ts';
import { verifies } from '../../../test/requirements.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

describe(`log ${verifies('log-without-bodies')}`, () => {
  it('writes one JSON object a line, with mode 0600', () => {
    const log = openLog(join(dir, 'logs', 'd.log'), () => 0);
    log('one\nline', { id: 'm1', count: 2 });
    log('two');
    const lines = readFileSync(join(dir, 'logs', 'd.log'), 'utf8').split('\n');
    expect(JSON.parse(lines[0]!)).toEqual({ at: '1970-01-01T00:00:00.000Z', event: 'one\nline', id: 'm1', count: 2 });
    expect(lines).toHaveLength(3);
    expect(statSync(join(dir, 'logs', 'd.log')).mode & 0o777).toBe(0o600);
  });

  it('rotates at a mebibyte, also one that was there, and keeps three old files', () => {
    const path = join(dir, 'd.log');
    writeFileSync(path, 'x'.repeat(1024 * 1024 - 10));
    const log = openLog(path);
    for (let index = 0; index < 60; index++) log('event', { filler: `${index} ${'ü'.repeat(100_000)}` });
    expect(readdirSync(dir).sort()).toEqual(['d.log', 'd.log.1', 'd.log.2', 'd.log.3']);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1024 * 1024);
  });

  it('goes on without a log when it cannot be written', () => {
    const path = join(dir, 'logs', 'd.log');
    const log = openLog(path);
    rmSync(join(dir, 'logs'), { recursive: true });
    log('lost');
    expect(existsSync(path)).toBe(false);
  });

  it('no caller passes a body', () => {
    const root = new URL('../../../src/', import.meta.url);
    const calls = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => readFileSync(new URL(name, root), 'utf8').match(/\blog\([^;]*;/g) ?? []);
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.filter((call) => /body|text|answer|prompt\b/.test(call))).toEqual([]);
  });
});
