import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../../src/home/package.ts';
import { replaceFile } from '../../../src/home/replace-file.ts';
import { verifies } from '../../requirements.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'claudex-replace-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('replaceFile', () => {
  it('makes a file of one’s own, and replaces it with its mode kept', () => {
    const dir = folder();
    const path = join(dir, 'file');
    replaceFile(path, 'one');
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['one', 0o600]);
    chmodSync(path, 0o644);
    replaceFile(path, Buffer.from('two'));
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['two', 0o644]);
    replaceFile(path, 'three', { mode: 0o755, flush: false });
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['three', 0o755]);
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it(`a disk that takes only half of it: the old file stands, nothing is left over ${verifies('accepted-on-disk')}`, () => {
    const dir = folder();
    const path = join(dir, 'journal');
    writeFileSync(path, 'the old one\n');
    const code = `
      import { replaceFile } from ${JSON.stringify(join(packageRoot(), 'src', 'home', 'replace-file.ts'))};
      for (const content of ['x'.repeat(1 << 20), Buffer.alloc(1 << 20)]) {
        for (const flush of [true, false]) {
          try { replaceFile(${JSON.stringify(path)}, content, { flush }); console.log('written'); }
          catch (error) { console.log(error.code); }
        }
      }`;
    // a limit on file sizes gives a short write, and then an error, as a full disk does
    const limited = ['-c', 'ulimit -f 200; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, code];
    const result = spawnSync('/bin/sh', limited, { cwd: packageRoot(), encoding: 'utf8' });
    expect(result.stdout.trim().split('\n'), result.stderr).toEqual(['EFBIG', 'EFBIG', 'EFBIG', 'EFBIG']);
    expect(readFileSync(path, 'utf8')).toBe('the old one\n');
    expect(readdirSync(dir)).toEqual(['journal']);
  });
});
