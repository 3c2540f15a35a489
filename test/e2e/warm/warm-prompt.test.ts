/** `claude -p` scripts with the word replaced: the same output, the same exit code, on the real claude. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudePath } from '../../support/claude-binary.ts';
import { claudexBin, runClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import type { LoopbackRequest } from '../../support/loopback-api.ts';
import { isAlive } from '../../support/processes.ts';
import { type RunResult, run } from '../../support/run-command.ts';
import { callsTool, says, scriptedTools, toldToModel } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';

/** Differs from run to run of one and the same claude; `capabilities` has one more where claude reads a stream (2.1.330). */
const volatile =
  /^(session_id|uuid|id|api_message_id|request_id|tool_use_id|parent_tool_use_id|begun_message_ids|timestamp|.*_ms|cwd_id|messaging_.*|memory_paths|plugins|capabilities)$/;

const schema = '{"type":"object","properties":{"n":{"type":"number"}},"required":["n"]}';

/** Each line is a script as people have it; `$CLAUDE` is the word that is replaced. */
const oneLiners: Array<[title: string, script: string]> = [
  ['json piped to jq', `$CLAUDE --output-format json '${says('forty-two')}' | jq -r '.result, .num_turns, .is_error'`],
  ['a diff on standard input', `git diff | $CLAUDE 'review this: ${says('looks good')}'`],
  [
    'a schema',
    `$CLAUDE --json-schema '${schema}' --output-format json '${callsTool('StructuredOutput', { n: 3 })}' | jq -c .structured_output`,
  ],
  [
    'stream-json',
    `$CLAUDE --output-format stream-json --verbose --allowedTools Bash -- '${callsTool('Bash', { command: 'echo hi', description: 'x' })}'`,
  ],
  [
    'a model and an appended system prompt',
    `$CLAUDE --model sonnet --append-system-prompt 'Be brief.' '${says('brief')}'`,
  ],
];

// several starts of claude in each test
describe(`claudex prompt ${verifies('warm-same')}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function start() {
    const home = bed.home();
    const api = await bed.api((request) =>
      request.prompt.includes('StructuredOutput') && request.isToolResult ? { text: 'done' } : scriptedTools(request),
    );
    const env = home.env(api);
    execFileSync('git', ['init', '-q'], { cwd: home.cwd });
    writeFileSync(join(home.cwd, 'a.txt'), 'one\n');
    execFileSync('git', ['add', '.'], { cwd: home.cwd });
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'x'], { cwd: home.cwd });
    writeFileSync(join(home.cwd, 'a.txt'), 'two\n');
    const prompt = (...words: string[]) => runClaudex(['prompt', ...words], { env, cwd: home.cwd });
    return { home, api, env, prompt };
  }

  it.each(oneLiners)('%s: as claude -p has it, cold and warm', async (_title, script) => {
    const { home, api, env } = await start();
    const shell = (command: string): Promise<RunResult> =>
      run('/bin/sh', ['-c', `CLAUDE="${command}"; ${script}`], { env, cwd: home.cwd });
    const cold = await shell(`${realClaudePath()} -p`);
    const coldRequest = api.requests.at(-1);
    expect(cold).toMatchObject({ code: 0, stderr: '' });
    expect(cold.stdout.trim()).not.toBe('');
    for (const round of ['new', 'warm', 'warm again']) {
      const ours = await shell(`${process.execPath} ${claudexBin} prompt`);
      expect(steady(ours.stdout), round).toEqual(steady(cold.stdout));
      expect(ours).toMatchObject({ code: cold.code, stderr: cold.stderr });
      expect(asked(api.requests.at(-1)), round).toEqual(asked(coldRequest));
    }
    const { stdout } = await runClaudex(['warm', 'status', '--json'], { env });
    expect(JSON.parse(stdout).counters.reuse).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['an error of the API', ['APIFAIL']],
    ['an error of the API as JSON', ['--output-format', 'json', 'APIFAIL']],
    [
      'turns used up',
      ['--max-turns', '1', '--allowedTools', 'Bash', '--', callsTool('Bash', { command: 'echo hi', description: 'x' })],
    ],
    ['a value that claude refuses', ['--permission-mode', 'nonsense', 'hello']],
    ['a broken MCP configuration', ['--mcp-config={"x":1}', 'hello']],
    ['nothing to ask', []],
    ['an agent that there is none of', ['--agent', 'nosuch', 'hello']],
    ['a value that claude warns of', ['--effort', 'nonsense', says('x')]],
    ['one of claude’s own commands', ['/nonesuch-command']],
    ['all lines as JSON', ['--output-format', 'json', '--verbose', says('x')]],
    ['partial messages', ['--output-format', 'stream-json', '--verbose', '--include-partial-messages', says('x')]],
  ])('%s: the same words and the same exit code', async (_title, words) => {
    const { home, env, prompt } = await start();
    const cold = await run(realClaudePath(), ['-p', ...words], { env, cwd: home.cwd, timeoutMs: 60_000 });
    for (const round of ['new', 'warm']) {
      const ours = await prompt(...words);
      expect(steady(ours.stdout), round).toEqual(steady(cold.stdout));
      expect(ours.stderr.trim(), round).toBe(cold.stderr.trim());
      expect(ours.code, round).toBe(cold.code);
    }
  });

  it('refuses what a warm process cannot do, and runs it cold when told to', async () => {
    const { home, env, prompt } = await start();
    const refused = await prompt('--continue', says('x'));
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--continue');
    expect(refused.stderr).toContain('Fix: add --cold');
    expect(await prompt('--cold', '--session-id', '11111111-2222-4333-8444-555555555555', says('cold'))).toMatchObject({
      code: 0,
      stdout: 'cold\n',
    });
    const fallback = { ...env, CLAUDEX_WARM_COLD_FALLBACK: 'true' };
    const piped = await runClaudex(['prompt', '--continue'], {
      env: fallback,
      cwd: home.cwd,
      stdin: says('from stdin'),
    });
    expect(piped).toMatchObject({ code: 0, stdout: 'from stdin\n' });
  });

  it(`is no session: not listed, no messages, and its hooks say nothing ${verifies('warm-unseen')}`, async () => {
    const { home, env, prompt } = await start();
    await runClaudex(['install'], { env, cwd: home.cwd });
    await runClaudex(['daemon', 'start'], { env, cwd: home.cwd });
    expect(await prompt(says('x'))).toMatchObject({ code: 0, stdout: 'x\n' });
    const { stdout } = await runClaudex(['warm', 'status', '--json'], { env });
    const { processes } = JSON.parse(stdout) as { processes: Array<{ pid: number }> };
    expect(processes.filter(({ pid }) => isAlive(pid)).length).toBeGreaterThan(0);
    expect(await daemonClient(home).sessions()).toEqual([]);
    const cold = await run(realClaudePath(), ['-p', says('cold')], { env, cwd: home.cwd });
    expect(cold.stdout).toBe('cold\n');
    expect(await daemonClient(home).sessions()).toEqual([]);
  });

  it(`keeps its processes where they are told to be, and ends them all ${verifies('warm-hygiene')}`, async () => {
    const { env, prompt, home } = await start();
    const prewarmed = await runClaudex(['warm', 'prewarm', '--', '--model', 'sonnet'], { env, cwd: home.cwd });
    expect(prewarmed).toMatchObject({ code: 0, stderr: '' });
    expect(await prompt('--model', 'sonnet', says('x'))).toMatchObject({ stdout: 'x\n' });
    const status = JSON.parse((await runClaudex(['warm', 'status', '--json'], { env })).stdout);
    expect(status.counters).toMatchObject({ crash: 0, spawn: expect.any(Number) });
    expect(status.processes[0].cwd).toBe(home.cwd);
    expect((await runClaudex(['warm', 'status'], { env })).stdout).toContain(`pid ${status.pid}`);
    expect(await runClaudex(['warm', 'drain'], { env })).toMatchObject({ code: 0 });
    expect([status.pid, ...status.processes.map(({ pid }: { pid: number }) => pid)].filter(isAlive)).toEqual([]);
    expect(await runClaudex(['warm', 'status'], { env })).toMatchObject({ code: 3 });
  });
});

/** The output without what differs from run to run. */
function steady(stdout: string): unknown {
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      try {
        return scrub(JSON.parse(line));
      } catch {
        return line; // text
      }
    });
}

function scrub(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrub);
  // a sum that was taken off leaves the dust of binary fractions
  if (typeof value === 'number') return Number(value.toFixed(9));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !volatile.test(name))
      .map(([name, one]) => [name, scrub(one)]),
  );
}

/** What the model was told, without the ids and without the note of our reset (docs/warm.md). */
function asked(request: LoopbackRequest | undefined): unknown {
  const { messages, tools, system } = JSON.parse(toldToModel(request)) as LoopbackRequest['body'];
  const texts = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [content] : (content as Array<{ text?: string }>).map(({ text = '' }) => text),
  );
  return {
    texts: texts.filter((text) => !/^<(local-command-caveat|command-name>\/clear|local-command-stdout)/.test(text)),
    tools: (tools as Array<{ name: string }> | undefined)?.map(({ name }) => name),
    system: (system as Array<{ text: string }> | undefined)?.slice(1).map(({ text }) => text),
  };
}
