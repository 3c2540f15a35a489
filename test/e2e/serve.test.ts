/** `claudex serve`, asked by Anthropic's own SDK: on the real claude, and on one of ours for what takes aim. */
import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { verifies } from '../requirements.ts';
import { claudexBin, fixture } from '../support/claudex-bin.ts';
import { childPids, isAlive } from '../support/processes.ts';
import { registerProcess } from '../support/resources.ts';
import { callsTool, says, scriptedTools, toldToModel } from '../support/scripted-tools.ts';
import { useTestBed } from '../support/test-bed.ts';

const token = 'serve-token-for-tests';

describe(`claudex serve ${verifies('serve')}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function start({ claude, args = [] }: { claude?: string; args?: string[] } = {}) {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const root = join(home.root, 'served');
    const { ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ...env } = home.env(api, {
      CLAUDEX_SERVE_TOKEN: token,
      ...(claude && { CLAUDEX_CLAUDE_BIN: claude }),
    });
    for (const name of ['one', 'two']) {
      mkdirSync(join(root, name, 'work'), { recursive: true });
      const own = { ANTHROPIC_API_KEY: `${ANTHROPIC_API_KEY}-${name}`, ANTHROPIC_BASE_URL };
      writeFileSync(join(root, name, 'env.json'), JSON.stringify({ ...own, WORKSPACE: name }));
    }
    const server = spawn(process.execPath, [claudexBin, 'serve', root, '--port', '0', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    registerProcess(server.pid!, 'claudex serve');
    const ended = new Promise((resolve) => server.once('exit', resolve));
    bed.defer(async () => {
      server.kill('SIGTERM');
      await ended;
    });
    const url = await new Promise<string>((resolve, reject) => {
      let text = '';
      server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const found = /on (http:\S+)\/<workspace>\n/.exec(text)?.[1];
        if (found) resolve(found);
      });
      server.once('exit', (code) => reject(new Error(`claudex serve ended with ${code}: ${text}`)));
    });
    const sdk = (workspace: string, apiKey = token) =>
      new Anthropic({ baseURL: `${url}/${workspace}`, apiKey, maxRetries: 0 });
    const create = (workspace: string, content: string) =>
      sdk(workspace).messages.create({ model: 'sonnet', max_tokens: 64, messages: [{ role: 'user', content }] });
    const metrics = async (): Promise<string> =>
      (await fetch(`${url}/metrics`, { headers: { 'x-api-key': token } })).text();
    return { home, api, root, url, server, sdk, create, metrics };
  }

  it('answers the SDK on the real claude, whole and streamed', async () => {
    const { sdk, create, api } = await start();
    const message = await create('one', says('forty-two'));
    expect(message).toMatchObject({ type: 'message', role: 'assistant', model: 'sonnet', stop_reason: 'end_turn' });
    expect(message.content).toEqual([{ type: 'text', text: 'forty-two' }]);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
    const stream = sdk('one').messages.stream({
      model: 'sonnet',
      max_tokens: 64,
      system: 'SYSTEM-WORD',
      messages: [
        { role: 'user', content: 'FIRST-WORD' },
        { role: 'assistant', content: 'SECOND-WORD' },
        { role: 'user', content: says('streamed') },
      ],
    });
    const tokens: string[] = [];
    stream.on('text', (text) => tokens.push(text));
    const final = await stream.finalMessage();
    expect(tokens.join('')).toBe('streamed');
    expect(final.content).toEqual([{ type: 'text', text: 'streamed' }]);
    for (const word of ['SYSTEM-WORD', 'FIRST-WORD', 'SECOND-WORD'])
      expect(toldToModel(api.requests.at(-1))).toContain(word);
  });

  it('keeps workspaces apart: folder, configuration, credentials, environment, processes', async () => {
    const { create, root, metrics } = await start();
    for (const name of ['one', 'two']) {
      const settings = { permissions: { allow: ['Bash'] } };
      mkdirSync(join(root, name, 'claude'), { recursive: true });
      writeFileSync(join(root, name, 'claude', 'settings.json'), JSON.stringify(settings));
      const shown = await create(name, callsTool('Bash', { command: 'pwd; env', description: 'x' }));
      const [block] = shown.content;
      const text = block?.type === 'text' ? block.text : '';
      expect(text).toContain(join(root, name, 'work'));
      expect(text).toContain(`CLAUDE_CONFIG_DIR=${join(root, name, 'claude')}`);
      expect(text).toContain(`WORKSPACE=${name}`);
      expect(text).not.toContain(token);
      expect(text).not.toContain(`WORKSPACE=${name === 'one' ? 'two' : 'one'}`);
    }
    const text = await metrics();
    expect(text).toMatch(/claudex_warm_processes\{workspace="one"\} [12]/);
    expect(text).toMatch(/claudex_warm_processes\{workspace="two"\} [12]/);
  });

  const fake = fixture('fake-stream-claude.mjs');

  it('refuses other tokens, other folders, other shapes', async () => {
    const { sdk, create, root, url, home } = await start({ claude: fake });
    mkdirSync(join(home.root, 'outside', 'work'), { recursive: true });
    symlinkSync(join(home.root, 'outside'), join(root, 'link'));
    const one = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'echo a' }] };
    await expect(sdk('one', 'wrong').messages.create(one)).rejects.toMatchObject({ status: 401 });
    for (const name of ['none', 'link', '..%2foutside', '%2e%2e', '.hidden']) {
      await expect(create(name, 'echo a'), name).rejects.toMatchObject({ status: 404 });
    }
    const images = [{ type: 'image', source: { type: 'url', url: 'http://127.0.0.1/x.png' } }];
    await expect(create('one', images as never)).rejects.toMatchObject({ status: 400 });
    await expect(create('one', 'fail x')).rejects.toMatchObject({ status: 502 });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
  });

  it('queues within limits, and aborts when the caller goes', async () => {
    const { create, sdk, metrics } = await start({ claude: fake, args: ['--pool-size', '1', '--max-waiting', '0'] });
    const stop = new AbortController();
    const dripping = await sdk('one').messages.create(
      { model: 'm', max_tokens: 1, stream: true, messages: [{ role: 'user', content: 'drip' }] },
      { signal: stop.signal },
    );
    const events = dripping[Symbol.asyncIterator]();
    while ((await events.next()).value?.type !== 'content_block_delta');
    await expect(create('one', 'echo a')).rejects.toMatchObject({ status: 529 });
    stop.abort();
    while (!(await metrics()).includes('event="reset"} 1')) await delay(10);
    expect((await create('one', 'echo b')).content).toEqual([{ type: 'text', text: 'b' }]);
  });

  it('leaves nothing running when it ends', async () => {
    const { create, server } = await start({ claude: fake });
    await create('one', 'echo a');
    const children = childPids(server.pid!);
    expect(children).not.toEqual([]);
    server.kill('SIGINT');
    await new Promise((resolve) => server.once('exit', resolve));
    expect(children.filter(isAlive)).toEqual([]);
  });
});
