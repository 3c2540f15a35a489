/**
 * What a request on a warm process leaves for the next one: nothing. On the real claude; these tests pin what
 * src/claude/stream/fresh-start.ts says of `/clear`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ClaudexClient, type ClientOptions, createClient } from '../../../src/warm/client.ts';
import { verifies } from '../../requirements.ts';
import { realClaudePath } from '../../support/claude-binary.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive } from '../../support/processes.ts';
import { callsTool, says, scriptedTools, toldToModel } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const secret = 'LEAK-7f3a';

// several starts of claude in each test
describe(`a warm process ${verifies('warm-fresh', 'warm-hygiene')}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  /** One process only: whatever the second request sees, it sees on the process of the first, or on a new one. */
  async function start(options: ClientOptions = {}) {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const client = createClient({ claudeBinary: realClaudePath(), poolSize: 1, ...options });
    bed.defer(() => client.close());
    const base = { cwd: home.cwd, env: onlyThese(home.env(api)), permissionMode: 'bypassPermissions' };
    const ask = async (prompt: string): Promise<string> => (await client.run(prompt, base)).text;
    return { home, api, client, base, ask };
  }

  it('keeps its process for what /clear undoes, with another session id each time', async () => {
    const { client, base, ask, home } = await start();
    writeFileSync(join(home.cwd, 'a.txt'), 'one\n');
    const first = await client.run(says('x'), base);
    await ask(callsTool('Bash', { command: 'echo hi', description: 'x' }));
    await ask(callsTool('Read', { file_path: join(home.cwd, 'a.txt') }));
    const last = await client.run(says('y'), base);
    expect(last.sessionId).not.toBe(first.sessionId);
    expect(client.stats().counters).toMatchObject({ spawn: 1, reuse: 3, recycle: 0, crash: 0 });
  });

  it('has no history', async () => {
    const { api, ask } = await start();
    await ask(says(secret));
    await ask(says('second'));
    expect(toldToModel(api.requests.at(-1))).not.toContain(secret);
    expect(toldToModel(api.requests.at(-2))).toContain(secret);
  });

  it('works in its own folder again, without what a shell has set', async () => {
    const { ask, home } = await start();
    mkdirSync(join(home.cwd, 'sub'));
    const command = `cd sub && export SECRET=${secret}; echo $SECRET; pwd`;
    expect(await ask(callsTool('Bash', { command, description: 'x' }))).toContain('/project/sub');
    const after = await ask(callsTool('Bash', { command: 'pwd; env', description: 'x' }));
    expect(after).toContain('/project\n');
    expect(after).not.toContain(secret);
  });

  it('has forgotten which files were read', async () => {
    const { ask, home, api } = await start();
    const path = join(home.cwd, 'a.txt');
    writeFileSync(path, `${secret}\n`);
    expect(await ask(callsTool('Read', { file_path: path }))).toContain(secret);
    writeFileSync(path, `${secret} changed\n`);
    // the whole file again, no word of an earlier read or of a change since
    expect(await ask(callsTool('Read', { file_path: path }))).toContain(`${secret} changed`);
    await ask(says('x'));
    expect(toldToModel(api.requests.at(-1))).not.toContain('a.txt');
  });

  it('has no tasks of an earlier request', async () => {
    const { ask, api } = await start();
    await ask(callsTool('TaskCreate', { subject: secret, description: 'd', activeForm: 'x' }));
    expect(await ask(callsTool('TaskList', {}))).not.toContain(secret);
    await ask(says('x'));
    expect(toldToModel(api.requests.at(-1))).not.toContain(secret);
  });

  it('ends with the request that changed its model or mode', async () => {
    const { api, ask, client } = await start();
    await ask(says('x'));
    const before = api.requests.at(-1)?.model;
    await ask('/model haiku');
    await ask(says('y'));
    expect(api.requests.at(-1)?.model).toBe(before);
    expect(client.stats().counters.recycle).toBe(1);
  });

  it('ends with a request that scheduled something, entered a worktree or used a tool nobody has tested', async () => {
    const { ask, client, home } = await start();
    execFileSync('git', ['init', '-q'], { cwd: home.cwd });
    const commit = ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'x'];
    execFileSync('git', commit, { cwd: home.cwd });
    await ask(callsTool('CronCreate', { cron: '0 0 1 1 *', prompt: secret, recurring: true }));
    expect(await ask(callsTool('CronList', {}))).not.toContain(secret);
    expect(await ask(callsTool('EnterWorktree', { name: 'wt' }))).toContain('worktree');
    expect(await ask(callsTool('Bash', { command: 'pwd', description: 'x' }))).not.toContain('worktrees');
    expect(client.stats().counters).toMatchObject({ recycle: 3, spawn: 4 });
  });

  it('takes background tasks and whatever cut itself loose down with the request', async () => {
    const { ask, client, home } = await start();
    const pidFile = join(home.root, 'pids');
    await ask(
      callsTool('Bash', { command: `echo $$ >>${pidFile}; sleep 600`, run_in_background: true, description: 'x' }),
    );
    const loose = `setsid nohup sh -c 'echo $$ >>${pidFile}; exec sleep 600' >/dev/null 2>&1 & echo started`;
    await ask(callsTool('Bash', { command: loose, description: 'x' }));
    await ask(says('next'));
    await client.close();
    const pids = await waitForFile(pidFile, (text) => {
      const found = (text ?? '').trim().split('\n').map(Number);
      return found.length === 2 && found;
    });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is another process for other settings, and reads what may change anew', async () => {
    const { api, ask, home, client } = await start();
    writeFileSync(join(home.cwd, 'CLAUDE.md'), 'MEMORY-ONE');
    await ask(says('x'));
    expect(toldToModel(api.requests.at(-1))).toContain('MEMORY-ONE');
    writeFileSync(join(home.cwd, 'CLAUDE.md'), 'MEMORY-TWO');
    await ask(says('x'));
    expect(toldToModel(api.requests.at(-1))).toContain('MEMORY-TWO');
    expect(client.stats().counters.spawn).toBe(1);
    mkdirSync(join(home.cwd, '.claude'), { recursive: true });
    writeFileSync(join(home.cwd, '.claude', 'settings.json'), JSON.stringify({ model: 'claude-sonnet-4-5' }));
    await ask(says('x'));
    expect(api.requests.at(-1)?.model).toBe('claude-sonnet-4-5');
    expect(client.stats().counters.spawn).toBe(2);
  });

  it('is another process for another environment, folder, model, tools or prompt', async () => {
    const { client, base, api } = await start({ poolSize: 2 });
    await client.run(says('x'), base);
    const env = { ...base.env, MARK: secret };
    const shown = await client.run(callsTool('Bash', { command: 'echo $MARK', description: 'x' }), { ...base, env });
    expect(shown.text).toContain(secret);
    const hidden = await client.run(callsTool('Bash', { command: 'env', description: 'x' }), base);
    expect(hidden.text).not.toContain(secret);
    await client.run(says('x'), { ...base, appendSystemPrompt: secret });
    expect(toldToModel(api.requests.at(-1))).toContain(secret);
    await client.run(says('x'), base);
    expect(toldToModel(api.requests.at(-1))).not.toContain(secret);
  });

  it('allows no more than its own request was allowed', async () => {
    const { client, base, home } = await start();
    const { permissionMode: _, ...plain } = base;
    const touch = (name: string) =>
      callsTool('Bash', { command: `touch ${name} && echo made ${name}`, description: 'x' });
    const allowed = await client.run(touch('a'), { ...plain, allowedTools: ['Bash(touch *)', 'Bash(echo *)'] });
    expect(allowed.text).toContain('made a');
    expect((await client.run(touch('b'), plain)).text).not.toContain('made b');
    expect(existsSync(join(home.cwd, 'a'))).toBe(true);
    expect(existsSync(join(home.cwd, 'b'))).toBe(false);
  });

  it('keeps an MCP server only until a request has used it', async () => {
    const { client, base, home } = await start();
    const log = join(home.root, 'mcp-starts');
    const mcpConfig = { mcpServers: { counter: { command: process.execPath, args: [countingServer(home), log] } } };
    const options = { ...base, mcpConfig };
    const count = async (): Promise<string> => (await client.run(callsTool('mcp__counter__count', {}), options)).text;
    await client.run(says('x'), options);
    await client.run(says('y'), options);
    expect(client.stats().counters.spawn).toBe(1);
    expect(await count()).toContain('count 1');
    expect(await count()).toContain('count 1');
    expect(client.stats().counters.recycle).toBeGreaterThanOrEqual(1);
    await client.close();
    const servers = readFileSync(log, 'utf8').trim().split('\n').map(Number);
    expect(servers.filter(isAlive)).toEqual([]);
  });

  it('reports the cost of one request, not of all before it', async () => {
    const { client, base } = await start();
    const costs: number[] = [];
    for (const word of ['a', 'b', 'c']) costs.push((await client.run(says(word), base)).costUsd);
    expect(costs[0]).toBeGreaterThan(0);
    expect(costs[2]).toBeCloseTo(costs[0]!, 9);
  });

  it('is not used again when an aborted turn or a killed claude was on it', async () => {
    const { ask, client, base, home } = await start();
    const pidFile = join(home.root, 'pid');
    const running = new AbortController();
    const hanging = client.run(callsTool('Bash', { command: `echo $$ >${pidFile}; sleep 600`, description: 'x' }), {
      ...base,
      signal: running.signal,
    });
    hanging.catch(() => undefined);
    const shell = await waitForFile(pidFile, (text) => Number(text) || false);
    running.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await ask(says('after abort'))).toBe('after abort');
    expect(isAlive(shell)).toBe(false);
    const killed = client.run(
      callsTool('Bash', { command: `echo $$ >${pidFile}2; sleep 600`, description: 'x' }),
      base,
    );
    killed.catch(() => undefined);
    await waitForFile(`${pidFile}2`, (text) => Number(text) || false);
    process.kill(onlyProcess(client), 'SIGKILL');
    await expect(killed).rejects.toMatchObject({ code: 'SESSION_CRASHED' });
    expect(await ask(says('after crash'))).toBe('after crash');
    expect(isAlive(Number(readFileSync(`${pidFile}2`, 'utf8')))).toBe(false);
    expect(existsSync(pidFile)).toBe(true);
  });
});

/** The variables given, and none of the test runner's own. */
function onlyThese(env: Record<string, string>): Record<string, string | undefined> {
  return { ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])), ...env };
}

function onlyProcess(client: ClaudexClient): number {
  const [one, ...others] = client.stats().processes;
  if (!one || others.length > 0) throw new Error(`not one process: ${JSON.stringify(client.stats())}`);
  return one.pid;
}

/** An MCP server that counts its calls and writes its pid down. */
function countingServer(home: HermeticHome): string {
  const path = join(home.root, 'counting-server.mjs');
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
appendFileSync(process.argv[2], process.pid + '\\n');
let count = 0;
const reply = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') {
    const { protocolVersion } = params;
    reply(id, { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'counter', version: '1' } });
  } else if (method === 'tools/list') {
    reply(id, { tools: [{ name: 'count', description: 'counts', inputSchema: { type: 'object', properties: {} } }] });
  } else if (method === 'tools/call') {
    reply(id, { content: [{ type: 'text', text: 'count ' + ++count }] });
  } else if (id !== undefined) reply(id, {});
});
`,
  );
  return path;
}
