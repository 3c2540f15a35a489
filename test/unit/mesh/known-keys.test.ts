import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnownKeys, keysFile } from '../../../src/mesh/known-keys.ts';
import { verifies } from '../../requirements.ts';

describe(`the key that a machine was first seen with ${verifies('mesh-known-keys')}`, () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'cxt-'));
    mkdirSync(join(home, 'mesh'));
    env = { CLAUDEX_HOME: home, HOME: home };
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('is the one that counts, also for the next bridge', () => {
    const keys = new KnownKeys(env);
    expect([keys.is('devbox', 'A'), keys.is('devbox', 'B'), keys.of('devbox')]).toEqual([true, false, 'A']);
    keys.save();
    expect(statSync(join(home, 'mesh', 'known-keys.json')).mode & 0o777).toBe(0o600);
    const next = new KnownKeys(env);
    expect([next.is('devbox', 'B'), next.is('devbox', 'A')]).toEqual([false, true]);
  });

  it('is forgotten or replaced by a person while the bridge runs, and a save brings none of it back', () => {
    const keys = new KnownKeys(env);
    keys.is('devbox', 'A');
    keys.is('laptop', 'L');
    keys.save();
    expect([keysFile(env).drop('devbox'), keysFile(env).drop('devbox')]).toEqual([true, false]);
    expect([keys.is('devbox', 'B'), keys.is('devbox', 'A')]).toEqual([true, false]);
    keysFile(env).put('laptop', 'M');
    keys.save();
    expect([keys.is('laptop', 'L'), keys.is('laptop', 'M'), keys.of('devbox')]).toEqual([false, true, 'B']);
  });

  it('takes any name for a machine’s', () => {
    const keys = new KnownKeys(env);
    expect([keys.of('constructor'), keys.is('constructor', 'A'), keys.is('constructor', 'B')]).toEqual([
      undefined,
      true,
      false,
    ]);
    keys.is('laptop', 'L');
    keys.save();
    expect([keys.of('constructor'), keys.of('valueof'), keys.of('toString')]).toEqual(['A', undefined, undefined]);
  });
});
