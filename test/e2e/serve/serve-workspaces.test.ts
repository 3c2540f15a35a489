/** Two workspaces of one `claudex serve`: what the one has, the other never sees; and no request leads out of its own. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { dirname, join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { fixture, runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { childPids, isAlive } from '../../support/processes.ts';
import { callsTool, says, scriptedTools, toldToModel } from '../../support/scripted-tools.ts';
import { keyOf, type ServeSetup, startServe, subfolder } from '../../support/serve.ts';
import { useTestBed } from '../../support/test-bed.ts';

const secret = 'LEAK-9c41';
const least = { model: 'sonnet', max_tokens: 1000 };

describe('workspaces of claudex serve', { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function start(setup: Partial<ServeSetup> = {}) {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const api = await bed.api(scriptedTools);
    const served = await startServe(home, { api, ...setup });
    bed.defer(async () => {
      served.child.kill('SIGTERM');
      await served.ended;
    });
    const ask = async (workspace: string, content: string, path = ''): Promise<string> => {
      const { content: blocks } = await served
        .sdk(workspace, path)
        .messages.create({ ...least, messages: [{ role: 'user', content }] });
      return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    };
    return { home, api, served, ask };
  }

  it(`have their own history, folder, config folder, credentials and MCP servers ${verifies('serve-isolated', 'log-without-bodies')}`, async () => {
    const mcp = (name: string): string =>
      JSON.stringify({
        mcpServers: { [name]: { command: process.execPath, args: [fixture('mcp-one-tool.mjs'), name] } },
      });
    const { home, api, served, ask } = await start({
      prepare: (state) => {
        for (const name of ['api', 'web']) {
          writeFileSync(join(state(name), 'mcp.json'), mcp(`tool-of-${name}`));
          writeFileSync(join(state(name), 'claude', 'CLAUDE.md'), `MEMORY-OF-${name}`);
          const settings = { permissions: { allow: ['Bash'] } };
          writeFileSync(join(state(name), 'claude', 'settings.json'), JSON.stringify(settings));
        }
      },
    });
    mkdirSync(join(home.home, '.claude'), { recursive: true });
    writeFileSync(join(home.home, '.claude', 'CLAUDE.md'), 'MEMORY-OF-THE-USER');
    for (const [name, other] of [
      ['api', 'web'],
      ['web', 'api'],
    ] as const) {
      expect(await ask(name, says(`${secret}-${name}`))).toBe(`${secret}-${name}`);
      const shell = await ask(name, callsTool('Bash', { command: 'pwd; env', description: 'x' }));
      expect(shell).toContain(`${home.dir(name)}\n`);
      expect(shell).toContain(`CLAUDE_CONFIG_DIR=${join(served.state(name), 'claude')}\n`);
      for (const foreign of [keyOf(other), served.state(other), 'sk-ant-of-the-server']) {
        expect(shell).not.toContain(foreign);
      }
      const mine = api.requests.filter(({ headers }) => headers['x-api-key'] === keyOf(name));
      expect(mine.length).toBeGreaterThanOrEqual(3);
      const told = mine.map(toldToModel).join('\n');
      for (const own of [`MEMORY-OF-${name}`, home.dir(name), `tool-of-${name}`]) expect(told).toContain(own);
      for (const foreign of [`MEMORY-OF-${other}`, 'MEMORY-OF-THE-USER', home.dir(other), `tool-of-${other}`]) {
        expect(told).not.toContain(foreign);
      }
      expect(told).not.toContain(`${secret}-${other}`);
      const projects = join(served.state(name), 'claude', 'projects');
      const transcripts = readdirSync(projects, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.jsonl'))
        .map((file) => readFileSync(join(projects, file), 'utf8'))
        .join('\n');
      expect(transcripts).toContain(`${secret}-${name}`);
      expect(transcripts).not.toContain(`${secret}-${other}`);
    }
    const keys = new Set(api.requests.map(({ headers }) => headers['x-api-key']));
    expect([...keys].sort()).toEqual([keyOf('api'), keyOf('web')]);
    expect(readdirSync(join(home.home, '.claude'))).toEqual(['CLAUDE.md']);
    const log = readFileSync(join(home.claudexHome, 'logs', 'serve.log'), 'utf8');
    expect(log).toContain('"workspace":"web"');
    for (const text of [secret, served.token('api'), keyOf('api')]) expect(log).not.toContain(text);
  });

  it(`take a changed credential from the next request on ${verifies('serve-isolated')}`, async () => {
    const { api, served, ask } = await start();
    await ask('api', says('x'));
    const env = join(served.state('api'), 'env');
    writeFileSync(env, readFileSync(env, 'utf8').replace(keyOf('api'), 'sk-ant-a-new-one'));
    await ask('api', says('y'));
    expect(api.requests.map(({ headers }) => headers['x-api-key'])).toEqual([keyOf('api'), 'sk-ant-a-new-one']);
  });

  it(`are a process tree each, and one that dies costs the other nothing ${verifies('serve-isolated', 'serve-ends')}`, async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { home, api, served, ask } = await start();
    for (const name of ['api', 'web']) await ask(name, says('x'));
    const trees = ['api', 'web'].map((name) => treeOf(home, name));
    expect(childPids(served.child.pid!)).toEqual(expect.arrayContaining(trees));
    expect(new Set(trees).size).toBe(2);
    const claudes = trees.map((pid) => childPids(pid));
    for (const own of claudes) expect(own.length).toBeGreaterThanOrEqual(1);
    api.setScript(async () => {
      await held;
      return { text: 'late' };
    });
    const [hit, spared] = ['api', 'web'].map((name) => ask(name, says('x')).catch((error: unknown) => error));
    await served.untilMetric('web', 'claudex_serve_requests_in_flight', 1);
    await expect.poll(() => api.requests.length, { timeout: 20_000 }).toBe(4);
    process.kill(trees[0]!, 'SIGKILL');
    expect(await hit).toBeInstanceOf(Anthropic.InternalServerError);
    await expect.poll(() => claudes[0]!.filter(isAlive), { timeout: 20_000 }).toEqual([]);
    expect(claudes[1]!.every(isAlive)).toBe(true);
    release();
    expect(await spared).toBe('late');
    expect(await ask('api', says('x'))).toBe('late');
  });

  it(`are left through no path and no link ${verifies('serve-guarded')}`, async () => {
    const { home, api, served, ask } = await start({
      prepare: (state) => {
        const settings = { permissions: { allow: ['Bash'] } };
        writeFileSync(join(state('api'), 'claude', 'settings.json'), JSON.stringify(settings));
      },
    });
    const root = dirname(home.cwd);
    mkdirSync(join(home.root, 'outside'));
    const deep = subfolder(home, 'api', 'sub', 'deep');
    symlinkSync(join(home.root, 'outside'), join(home.dir('api'), 'out'));
    symlinkSync('../web', join(home.dir('api'), 'over'));
    const pwd = callsTool('Bash', { command: 'pwd', description: 'x' });
    expect(await ask('api', pwd, '/w/api')).toBe(home.dir('api'));
    expect(await ask('api', pwd, '/w/api/sub/deep')).toBe(deep);
    const asked = api.requests.length;
    const post = (path: string): Promise<number> => status(served.url, path, served.token('api'));
    for (const path of [
      '/w/web/v1/messages',
      '/w/api/../web/v1/messages',
      '/w/api/%2e%2e/web/v1/messages',
      '/w/api/..%2fweb/v1/messages',
      '/w/api/sub/..%5c..%5cweb/v1/messages',
      '/w/api/out/v1/messages',
      '/w/api/over/v1/messages',
      '/w/api/missing/v1/messages',
      `/w/api/${encodeURIComponent('/etc')}/v1/messages`,
      '/w/../v1/messages',
      '/w//v1/messages',
    ]) {
      expect([path, await post(path)]).toEqual([path, 403]);
    }
    // the folder itself becomes a link while the server runs
    renameSync(home.dir('api'), join(root, 'moved'));
    symlinkSync(join(home.root, 'outside'), home.dir('api'));
    expect(await post('/v1/messages')).toBe(403);
    expect(await post('/w/api/v1/messages')).toBe(403);
    expect(api.requests).toHaveLength(asked);
  });

  it(`give no file to a message that names it ${verifies('serve-guarded', 'serve-honest')}`, async () => {
    const { home, api, ask, served } = await start();
    writeFileSync(join(home.dir('api'), 'note.txt'), 'INSIDE-51aa');
    for (const path of ['note.txt', './note.txt', join(served.state('web'), 'env'), '../../home/.claudex/serve']) {
      for (const text of [`@${path}`, `look @${path} please`, `see "@${path}"`, `(@"${path}")`, `\n@${path}#L1-2`]) {
        await ask('api', text);
      }
    }
    const messages = [
      { role: 'user' as const, content: 'see @note.txt' },
      { role: 'assistant' as const, content: '@note.txt' },
      { role: 'user' as const, content: 'and now?' },
    ];
    await served.sdk('api').messages.create({ ...least, messages });
    const told = api.requests.map(toldToModel).join('\n');
    expect(told).toContain('u0040note.txt');
    expect(told).not.toContain('INSIDE-51aa');
    expect(told).not.toContain(keyOf('web'));
    expect(told).not.toMatch(/Called the \w+ tool/);
  });

  it(`are found below the root only, and the errors say so ${verifies('serve-guarded')}`, async () => {
    const home = bed.home({ cwdNames: ['api'] });
    const root = dirname(home.cwd);
    symlinkSync(home.home, join(root, 'linked'));
    const serve = (...args: string[]) => runClaudex(['serve', ...args, '--print-token'], { env: home.env() });
    for (const name of ['../home', '/etc', 'linked', 'missing']) {
      const refused = await serve('--workspaces', root, name);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('That is no workspace.');
    }
    expect(await serve()).toMatchObject({ code: 2, stderr: expect.stringContaining('--workspaces') });
    const [one, again] = [await serve('--workspaces', root, 'api'), await serve('--workspaces', root, 'api')];
    expect(statSync(join(home.claudexHome, 'serve')).mode & 0o777).toBe(0o700);
    expect(one.stdout).toMatch(/^cdx_[\w-]{43}\n$/);
    expect(again.stdout).toBe(one.stdout);
  });

  it(`go with a server that is killed ${verifies('serve-ends')}`, async () => {
    const { api, served, ask } = await start();
    await ask('api', says('x'));
    const held = new Promise<void>(() => undefined);
    api.setScript(async () => {
      await held;
      return {};
    });
    const lost = ask('api', says('x')).catch((error: unknown) => error);
    await expect.poll(() => api.requests.length, { timeout: 20_000 }).toBe(2);
    const [tree] = childPids(served.child.pid!);
    const all = [tree!, ...childPids(tree!)];
    expect(all.length).toBeGreaterThanOrEqual(2);
    served.child.kill('SIGKILL');
    expect(await lost).toBeInstanceOf(Anthropic.APIConnectionError);
    await expect.poll(() => all.filter(isAlive), { timeout: 20_000 }).toEqual([]);
  });
});

/** The pid of a workspace's process, from the log. */
function treeOf(home: HermeticHome, workspace: string): number {
  const lines = readFileSync(join(home.claudexHome, 'logs', 'serve.log'), 'utf8')
    .trimEnd()
    .split('\n');
  const started = lines
    .map((line) => JSON.parse(line) as { event: string; workspace?: string; pid: number })
    .findLast((line) => line.event === 'workspace-started' && line.workspace === workspace);
  return started!.pid;
}

/** The status of a POST to exactly that path: `fetch` would tidy it up first. */
function status(url: string, path: string, token: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = { 'x-api-key': token, 'content-type': 'application/json' };
    const sent = httpRequest({ hostname, port, path, method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end(JSON.stringify({ ...least, messages: [{ role: 'user', content: says('x') }] }));
  });
}
