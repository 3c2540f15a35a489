/** Which addresses are taken, and over what a token may go. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkEncrypted,
  findMachine,
  keepMachine,
  listMachines,
  machineUrl,
  removeMachine,
} from '../../../src/far/machines.ts';
import { verifies } from '../../requirements.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe(`machines ${verifies('far-tokens')}`, () => {
  it.each([
    'devbox',
    'ftp://devbox',
    'https://me:secret@devbox',
    'https://devbox/?token=x',
    'https://devbox/api',
    'https://devbox/#pair=x',
  ])('an address holds no secret and nothing that is left out: %s', (text) => {
    expect(codeOf(() => machineUrl(text))).toBe('FAR_URL');
  });

  it('an address is its scheme, host and port', () => {
    expect(machineUrl('HTTPS://DevBox:4748/')).toBe('https://devbox:4748');
    expect(machineUrl('https://devbox:443')).toBe('https://devbox');
  });

  it.each([
    ['http://devbox:4748', false, 'FAR_PLAIN_HTTP'],
    ['http://10.0.0.1:4748', false, 'FAR_PLAIN_HTTP'],
    ['http://127.0.0.1.example.com', false, 'FAR_PLAIN_HTTP'],
    ['http://devbox:4748', true, undefined],
    ['https://devbox:4748', false, undefined],
    ['http://localhost:4748', false, undefined],
    ['http://127.0.0.1:4748', false, undefined],
    ['http://[::1]:4748', false, undefined],
  ])('a token over %s (--plain-http: %s): %s', (url, plainHttp, code) => {
    expect(codeOf(() => checkEncrypted({ url, plainHttp }))).toBe(code);
  });

  it('are kept private, found by name and by address, and forgotten', () => {
    const env: NodeJS.ProcessEnv = { CLAUDEX_HOME: join(temporaryFolder(), 'home') };
    const devbox = { name: 'devbox', url: 'https://devbox:4748', token: 'one', ca: 'pem', plainHttp: false };
    expect(codeOf(() => findMachine(env, 'devbox'))).toBe('NO_SUCH_MACHINE');
    keepMachine(env, { ...devbox, token: 'old' });
    keepMachine(env, devbox);
    expect(codeOf(() => keepMachine(env, { ...devbox, name: '../x' }))).toBe('USAGE');
    const path = join(env.CLAUDEX_HOME!, 'machines.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).not.toContain('old');
    expect(findMachine(env, 'devbox')).toEqual(devbox);
    expect(findMachine(env, 'https://devbox:4748/')).toEqual(devbox);
    expect(findMachine({ ...env, CLAUDEX_TOKEN: 'mine' }, 'https://devbox:4748').token).toBe('mine');
    // the token that somebody has set is for the address beside it
    expect(findMachine({ ...env, CLAUDEX_TOKEN: 'mine' }, 'devbox').token).toBe('one');
    expect(codeOf(() => findMachine(env, 'https://elsewhere'))).toBe('FAR_TOKEN_MISSING');
    expect(codeOf(() => findMachine({ ...env, CLAUDEX_TOKEN: 'mine' }, 'http://elsewhere'))).toBe('FAR_PLAIN_HTTP');
    removeMachine(env, 'devbox');
    expect(listMachines(env)).toEqual([]);
    expect(codeOf(() => removeMachine(env, 'devbox'))).toBe('NO_SUCH_MACHINE');
  });
});
