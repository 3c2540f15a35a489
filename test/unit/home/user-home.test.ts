/** A user whom the system does not know, with no HOME: a container's made-up uid. */
import { expect, it, vi } from 'vitest';
import { shortPath } from '../../../src/cli/text/render.ts';
import { claudeConfigDir, claudexPaths } from '../../../src/home/paths.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  homedir: () => {
    throw new Error('ENOENT: no such file or directory, uv_os_homedir');
  },
}));

it('a user without a home has one in the root folder, as containers have it', () => {
  vi.stubEnv('HOME', undefined);
  expect(claudexPaths({}).home).toBe('/.claudex');
  expect(claudeConfigDir({})).toBe('/.claude');
  expect(shortPath('/work')).toBe('/work');
  expect(claudexPaths({ HOME: '/home/ada' }).home).toBe('/home/ada/.claudex');
  vi.unstubAllEnvs();
});
