/** When memory counts as short: not because the kernel keeps files in it. */
import { describe, expect, it } from 'vitest';
import { availableBytes } from '../../../../src/warm/pool/memory.ts';
import { verifies } from '../../../requirements.ts';

const mega = 1024 * 1024;
const machine = { free: 8000 * mega, total: 16000 * mega };
const reader =
  (files: Record<string, string>) =>
  (path: string): string | undefined =>
    files[path];

describe(`memory that can be had ${verifies('warm-bounded')}`, () => {
  it('is what the machine has, where no limit is set', () => {
    const unlimited = { ...machine, available: 8000 * mega, limit: 2 ** 64 };
    expect(availableBytes(unlimited, reader({}))).toBe(8000 * mega);
    expect(availableBytes({ ...unlimited, limit: 0 }, reader({}))).toBe(8000 * mega);
  });

  const limited = { ...machine, available: 100 * mega, limit: 2000 * mega };
  const stat = `anon 1\nactive_file ${300 * mega}\ninactive_file ${400 * mega}\n`;

  it.each([
    ['cgroup v2', { '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/b/memory.stat': stat }],
    ['its own root in a container', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.stat': stat }],
    [
      'cgroup v1',
      {
        '/proc/self/cgroup': '4:memory:/x\n0::/\n',
        '/sys/fs/cgroup/memory/x/memory.stat': `active_file 1\n${stat.replace(/^(\w*active)/gm, 'total_$1')}`,
      },
    ],
  ])('under a limit takes in the files that the kernel keeps: %s', (_title, files) => {
    expect(availableBytes(limited, reader(files))).toBe(800 * mega);
    expect(availableBytes({ ...limited, free: 300 * mega }, reader(files))).toBe(300 * mega);
  });

  it('is Node’s own figure where nothing more is to be seen', () => {
    expect(availableBytes(limited, reader({}))).toBe(100 * mega);
  });
});
