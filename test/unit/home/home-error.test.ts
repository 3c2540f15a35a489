/** Which of the system's errors say that the claudex folder takes no writes. */
import { describe, expect, it } from 'vitest';
import { asHomeError } from '../../../src/home/private-folder.ts';
import { verifies } from '../../requirements.ts';

const home = '/home/ada/.claudex';
const systemError = (code: string, about: { path?: string; address?: string } = {}) =>
  Object.assign(new Error(`${code}: what the system says`), { code, ...about });

describe(`the claudex folder takes no writes ${verifies('unwritable-home')}`, () => {
  it.each([
    ['a full disk, which names no file', systemError('ENOSPC')],
    ['a quota', systemError('EDQUOT', { path: `${home}/names.json` })],
    ['a read-only disk', systemError('EROFS', { path: `${home}/logs` })],
    ['a folder without the right to write', systemError('EACCES', { path: home })],
    ['a socket that may not be made', systemError('EACCES', { address: `${home}/daemon.sock` })],
  ])('%s', (_, error) => {
    expect(asHomeError(error, home)).toMatchObject({
      code: 'HOME_UNWRITABLE',
      facts: `${home}: ${error.message}.`,
      cause: error,
    });
  });

  it.each([
    ['a file elsewhere', systemError('EACCES', { path: '/home/ada/.claude/settings.json' })],
    ['a folder whose name begins alike', systemError('EROFS', { path: `${home}-old/x` })],
    ['a process that is not ours', systemError('EPERM')],
    ['another error of a file in it', systemError('ENOENT', { path: `${home}/names.json` })],
    ['no error of the system', new Error('ENOSPC')],
  ])('not: %s', (_, error) => {
    expect(asHomeError(error, home)).toBe(error);
  });
});
