/** The library as whoever has installed the package gets it: its name, its types, its start. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { fixture, repositoryRoot } from '../../support/claudex-bin.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe(`the package ${verifies('warm-library')}`, () => {
  const bed = useTestBed();

  function project(): string {
    const folder = mkdtempSync(join(tmpdir(), 'cxt-package-'));
    bed.defer(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
    symlinkSync(repositoryRoot, join(folder, 'node_modules', 'claudex'));
    symlinkSync(join(repositoryRoot, 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'));
    symlinkSync(join(repositoryRoot, 'node_modules', 'undici-types'), join(folder, 'node_modules', 'undici-types'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    return folder;
  }

  const env = { PATH: process.env.PATH ?? '' };

  it('is imported by its name', async () => {
    const cwd = project();
    const program = `import { createClient, ClaudexError } from 'claudex';
      const client = createClient({ claudeBinary: '${fixture('fake-stream-claude.mjs')}' });
      const { text } = await client.run('echo hello');
      const refused = await client.run('').catch((error) => error instanceof ClaudexError && error.code);
      console.log(text.split('|')[0], refused);
      await client.close();`;
    writeFileSync(join(cwd, 'use.js'), program);
    const ended = await run(process.execPath, ['use.js'], { env, cwd });
    expect(ended).toMatchObject({ code: 0, stdout: 'hello INVALID_OPTIONS\n', stderr: '' });
  });

  it('has types that say what it takes and gives', async () => {
    const cwd = project();
    const config = { module: 'NodeNext', strict: true, noEmit: true, target: 'ES2023', types: ['node'] };
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: config, include: ['use.ts'] }));
    const program = `import { createClient, type ClientOptions, type RunResult, type StreamEvent } from 'claudex';
      const options: ClientOptions = { poolSize: 2, mode: 'warm' };
      const client = createClient(options);
      const result: RunResult = await client.run('x', { allowedTools: ['Read'], signal: new AbortController().signal });
      const told: string = result.text;
      for await (const event of client.runStream('x')) { const one: StreamEvent = event; if (one.type === 'token') one.text.trim(); }
      client.on('crash', ({ pid }) => console.log(pid, told));
      // @ts-expect-error no such option
      createClient({ poolsize: 2 });
      // @ts-expect-error no such mode
      createClient({ mode: 'hot' });
    `;
    writeFileSync(join(cwd, 'use.ts'), program);
    const checked = await run(join(repositoryRoot, 'node_modules', '.bin', 'tsc'), ['-p', cwd], { env, cwd });
    expect(checked).toMatchObject({ code: 0, stdout: '' });
  });
});
