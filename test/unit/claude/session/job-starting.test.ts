import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJobStarting } from '../../../../src/claude/session/background-jobs.ts';
import { verifies } from '../../../requirements.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

describe(`a job that claude starts and does not list yet ${verifies('background')}`, () => {
  let configDir: string;
  beforeEach(() => {
    configDir = mkdtempSync(join(tmpdir(), 'cxt-jobs-'));
  });
  afterEach(() => rmSync(configDir, { recursive: true, force: true }));

  const now = Date.now();
  const file = aSessionFile({ cwd: '/w', version: '2.1.197', startedAt: now - 60_000 });

  function begin(more: object = {}): void {
    const folder = join(configDir, 'jobs', '27a1c90e');
    mkdirSync(folder, { recursive: true });
    const state = { state: 'working', cwd: '/w', createdAt: new Date(now - 1000).toISOString(), ...more };
    writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
  }

  it('may be the session of its folder', () => {
    expect(isJobStarting(configDir, file, now)).toBe(false);
    begin();
    expect(isJobStarting(configDir, file, now)).toBe(true);
    expect(isJobStarting(configDir, { ...file, cwd: '/else' }, now)).toBe(false);
    // it says so itself
    expect(isJobStarting(configDir, { ...file, version: '2.1.332' }, now)).toBe(false);
  });

  it('is none that has failed, has begun before the session or long ago, or is listed', () => {
    for (const more of [{ state: 'failed' }, { createdAt: new Date(now - 70_000).toISOString() }, { createdAt: 7 }]) {
      begin(more);
      expect(isJobStarting(configDir, file, now)).toBe(false);
    }
    begin();
    mkdirSync(join(configDir, 'daemon'));
    const dispatch = { source: 'shell', cwd: '/w', createdAt: now, launch: { mode: 'prompt' } };
    writeFileSync(join(configDir, 'daemon', 'roster.json'), JSON.stringify({ workers: { '27a1c90e': { dispatch } } }));
    expect(isJobStarting(configDir, file, now)).toBe(false);
  });
});
