/** The official Anthropic SDK against `claudex serve`, changed in nothing but baseURL and key; the real claude behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { linkBomb } from '../../support/link-bomb.ts';
import type { LoopbackReply, LoopbackRequest, LoopbackScript } from '../../support/loopback-api.ts';
import { childPids, isAlive } from '../../support/processes.ts';
import { callsTool, says, scriptedTools, toldToModel } from '../../support/scripted-tools.ts';
import { type Served, startServe } from '../../support/serve.ts';
import { useTestBed } from '../../support/test-bed.ts';

const least = { model: 'claude-sonnet-5', max_tokens: 1000 };
const user = (content: string): Anthropic.MessageParam => ({ role: 'user', content });

/** A gate in the API: what comes is held until the test lets it go. */
function gate(script: LoopbackScript = () => ({ text: 'late' })) {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const seen: LoopbackRequest[] = [];
  const waiting: Array<() => void> = [];
  return {
    open,
    script: async (request: LoopbackRequest): Promise<LoopbackReply> => {
      seen.push(request);
      for (const wake of waiting.splice(0)) wake();
      return { ...(await script(request)), until: opened };
    },
    /** Resolves with the request of that number once it is held. */
    held: async (index: number): Promise<LoopbackRequest> => {
      while (seen.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
      return seen[index]!;
    },
  };
}

describe('claudex serve', { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function start(script: LoopbackScript = scriptedTools, env: Record<string, string> = {}) {
    const home = bed.home();
    const api = await bed.api(script);
    const served = await startServe(home, { api, env });
    bed.defer(() => end(served));
    return { home, api, served, sdk: served.sdk('project') };
  }

  /** Ctrl-C, and the server has to be gone by itself. */
  async function end({ child, ended }: Served): Promise<void> {
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
  }

  it(`answers messages.create ${verifies('serve-sdk')}`, async () => {
    const { api, sdk, served } = await start();
    const request = { ...least, system: 'ALWAYS-BE-BRIEF', messages: [user(says('four'))] };
    const { data, response, request_id } = await sdk.messages.create(request).withResponse();
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5',
      content: [{ type: 'text', text: 'four' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 10, cache_read_input_tokens: 0 },
    });
    expect(data.id).toMatch(/^msg_\w{32}$/);
    expect(request_id).toMatch(/^req_\w{32}$/);
    expect(response.headers.get('claudex-workspace')).toBe('project');
    expect(response.headers.get('claudex-not-enforced')).toBe('max_tokens');
    expect(api.requests.at(-1)?.model).toBe('claude-sonnet-5');
    expect(JSON.stringify(api.requests.at(-1)?.body.system)).toContain('ALWAYS-BE-BRIEF');
    // the next one finds a warm process with nothing in it
    expect((await sdk.messages.create({ ...request, messages: [user(says('five'))] })).content).toMatchObject([
      { text: 'five' },
    ]);
    expect(toldToModel(api.requests.at(-1))).not.toContain('four');
    expect(await served.metric('project', 'claudex_serve_claude_events_total', 'event="reuse"')).toBe(1);
  });

  it(`streams, with messages.stream and with stream: true ${verifies('serve-sdk')}`, async () => {
    const { sdk } = await start();
    const stream = sdk.messages.stream({ ...least, messages: [user(says('streamed'))] });
    const texts: string[] = [];
    stream.on('text', (text) => texts.push(text));
    expect(await stream.finalMessage()).toMatchObject({
      content: [{ type: 'text', text: 'streamed' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 10 },
    });
    expect(texts.join('')).toBe('streamed');
    const types: string[] = [];
    const raw = await sdk.messages.create({ ...least, messages: [user(says('raw'))], stream: true });
    for await (const event of raw) types.push(event.type);
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it(`sends text as it comes, while claude still works ${verifies('serve-sdk')}`, async () => {
    const held = gate(() => ({ text: 'after the tool' }));
    const { sdk, api } = await start((request) =>
      request.isToolResult
        ? held.script(request)
        : { text: 'before the tool', toolUse: { name: 'Read', input: { file_path: '/nowhere' } } },
    );
    const stream = sdk.messages.stream({ ...least, messages: [user('go')] });
    const first = new Promise<string>((resolve) => stream.once('text', resolve));
    await held.held(0);
    expect(await first).toBe('before the tool');
    held.open();
    expect((await stream.finalMessage()).content).toMatchObject([
      { type: 'text', text: 'before the tool\n\nafter the tool' },
    ]);
    expect(api.requests).toHaveLength(2);
  });

  it(`goes on with a conversation that the client keeps ${verifies('serve-sdk')}`, async () => {
    const { api, sdk } = await start(() => ({ text: 'blue' }));
    const messages = [user('My colour is red.'), { role: 'assistant' as const, content: 'Noted.' }, user('Which one?')];
    const { content } = await sdk.messages.create({ ...least, messages });
    const { prompt } = api.requests.at(-1)!;
    expect(prompt).toContain('{"role":"user","content":"My colour is red."}');
    expect(prompt).toContain('{"role":"assistant","content":"Noted."}');
    expect(prompt).toMatch(/\n\nWhich one\?$/m);
    // what came back goes in again as it is
    await sdk.messages.create({ ...least, messages: [...messages, { role: 'assistant', content }, user('Sure?')] });
    expect(api.requests.at(-1)?.prompt).toContain('{"role":"assistant","content":"blue"}');
  });

  it(`never takes a message for a command of claude’s own ${verifies('serve-honest')}`, async () => {
    const { api, sdk, served } = await start(() => ({ text: 'ok' }));
    for (const text of ['/clear', '/model haiku', '!touch /tmp/x', '# remember this']) {
      await sdk.messages.create({ ...least, messages: [user(text)] });
      expect(api.requests.at(-1)?.prompt).toContain(text);
      expect(api.requests.at(-1)?.model).toBe('claude-sonnet-5');
    }
    expect(await served.metric('project', 'claudex_serve_claude_events_total', 'event="recycle"')).toBe(0);
  });

  it(`throws what the API’s own client throws ${verifies('serve-sdk', 'serve-honest')}`, async () => {
    const { sdk, served } = await start();
    const create = (client: Anthropic, more: object, content = says('x')): Promise<unknown> =>
      client.messages.create({ ...least, messages: [user(content)], ...more }).then(
        (message) => message,
        (error: unknown) => error,
      );
    const refused = await create(sdk, { temperature: 0.3 });
    expect(refused).toBeInstanceOf(Anthropic.BadRequestError);
    expect(refused).toMatchObject({ type: 'invalid_request_error', requestID: expect.stringMatching(/^req_/) });
    expect(String(refused)).toContain('temperature');
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } };
    expect(await create(sdk, { messages: [{ role: 'user', content: [image] }] })).toBeInstanceOf(
      Anthropic.BadRequestError,
    );
    expect(await create(sdk, {}, 'APIFAIL')).toBeInstanceOf(Anthropic.BadRequestError);
    const stranger = new Anthropic({ baseURL: served.url, apiKey: 'cdx_wrong', maxRetries: 0 });
    expect(await create(stranger, {})).toBeInstanceOf(Anthropic.AuthenticationError);
    const lost = sdk.messages.countTokens({ model: 'sonnet', messages: [user('x')] });
    await expect(lost).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    expect((await sdk.models.list()).data.map(({ id }) => id)).toContain('sonnet');
    expect((await sdk.models.retrieve('opus')).type).toBe('model');
  });

  it(`takes the header of older SDKs, and the API’s version and query as they come ${verifies('serve-sdk')}`, async () => {
    const { served } = await start();
    const response = await fetch(`${served.url}/v1/messages?x=1`, {
      method: 'POST',
      headers: {
        'x-api-key': served.token('project'),
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ ...least, messages: [user(says('old'))] }),
    });
    expect(await response.json()).toMatchObject({ content: [{ text: 'old' }] });
  });

  it(`aborts what its client has left ${verifies('serve-ends')}`, async () => {
    const held = gate();
    const { sdk, served } = await start(held.script);
    for (const [index, stream] of [true, false].entries()) {
      const left = new AbortController();
      const asked = sdk.messages.create({ ...least, messages: [user('x')], stream }, { signal: left.signal });
      const request = await held.held(index);
      left.abort();
      await expect(asked).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
      // claude has hung up on the API, which never answered, and its process is fresh again
      await request.closed;
      await served.untilMetric('project', 'claudex_serve_claude_events_total', index + 1, 'event="reset"');
      await served.untilMetric('project', 'claudex_serve_requests_total', index + 1, 'status="499"');
    }
    held.open();
    expect((await sdk.messages.create({ ...least, messages: [user('y')] })).content).toMatchObject([{ text: 'late' }]);
  });

  it(`runs and queues so many, and refuses the next one ${verifies('serve-limits')}`, async () => {
    const held = gate();
    const { sdk, served, api } = await start(held.script, {
      CLAUDEX_SERVE_CONCURRENCY: '1',
      CLAUDEX_SERVE_QUEUE: '1',
    });
    const ask = () => sdk.messages.create({ ...least, messages: [user('x')] });
    const running = ask();
    await held.held(0);
    const waiting = ask();
    await served.untilMetric('project', 'claudex_serve_requests_in_flight', 2);
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.RateLimitError);
    expect(refused).toMatchObject({ status: 429, type: 'rate_limit_error' });
    expect((refused as InstanceType<typeof Anthropic.RateLimitError>).headers?.get('retry-after')).toBe('2');
    expect(api.requests).toHaveLength(1);
    // left to itself, the SDK comes back when it was told to
    const patient = new Anthropic({ baseURL: served.url, apiKey: served.token('project'), maxRetries: 20 });
    const retried = patient.messages.create({ ...least, messages: [user('x')] });
    await served.untilMetric('project', 'claudex_serve_requests_total', 2, 'status="429"');
    held.open();
    expect((await retried).content).toMatchObject([{ text: 'late' }]);
    expect((await running).content).toMatchObject([{ text: 'late' }]);
    expect((await waiting).content).toMatchObject([{ text: 'late' }]);
    await served.untilMetric('project', 'claudex_serve_requests_in_flight', 0);
  });

  it(`gives up on time ${verifies('serve-limits')}`, async () => {
    const held = gate();
    const { sdk } = await start(held.script, { CLAUDEX_SERVE_TIMEOUT_MS: '3000' });
    const late = await sdk.messages.create({ ...least, messages: [user('x')] }).catch((error: unknown) => error);
    expect(late).toMatchObject({ status: 504, type: 'timeout_error' });
  });

  it(`gives up on time, and gives the place back, when the workspace’s process hangs ${verifies('serve-limits')}`, async () => {
    const { sdk, served } = await start(scriptedTools, {
      // a cold start on a busy machine takes seconds
      CLAUDEX_SERVE_TIMEOUT_MS: '10000',
      CLAUDEX_SERVE_CONCURRENCY: '1',
      CLAUDEX_SERVE_QUEUE: '0',
    });
    const ask = () => sdk.messages.create({ ...least, messages: [user(says('x'))] });
    await ask();
    const [hung] = childPids(served.child.pid!);
    process.kill(hung!, 'SIGSTOP');
    expect(await ask().catch((error: unknown) => error)).toMatchObject({ status: 504, type: 'timeout_error' });
    await served.untilMetric('project', 'claudex_serve_requests_in_flight', 0);
    await expect.poll(() => isAlive(hung!), { timeout: 20_000 }).toBe(false);
    expect((await ask()).content).toMatchObject([{ text: 'x' }]);
  });

  it(`gives the place of a client that has left back when the workspace’s process hangs ${verifies('serve-limits')}`, async () => {
    const { sdk, served } = await start(scriptedTools, { CLAUDEX_SERVE_CONCURRENCY: '1', CLAUDEX_SERVE_QUEUE: '0' });
    const ask = (options = {}) => sdk.messages.create({ ...least, messages: [user(says('x'))] }, options);
    await ask();
    process.kill(childPids(served.child.pid!)[0]!, 'SIGSTOP');
    const left = new AbortController();
    const asked = ask({ signal: left.signal });
    await served.untilMetric('project', 'claudex_serve_requests_in_flight', 1);
    left.abort();
    await expect(asked).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await served.untilMetric('project', 'claudex_serve_requests_in_flight', 0);
    expect((await ask()).content).toMatchObject([{ text: 'x' }]);
  });

  it(`answers in a repository whose agents are links without an end ${verifies('serve-limits')}`, async () => {
    const { sdk, home } = await start();
    linkBomb(home.cwd);
    const answer = await sdk.messages.create({ ...least, messages: [user(says('x'))] });
    expect(answer.content).toMatchObject([{ text: 'x' }]);
  });

  it(`lets what runs end when it is told to end ${verifies('serve-ends')}`, async () => {
    const held = gate();
    const { sdk, served } = await start(held.script);
    const stream = sdk.messages.stream({ ...least, messages: [user('x')] });
    await held.held(0);
    served.child.kill('SIGTERM');
    const health = (): Promise<number> =>
      fetch(`${served.url}/health`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(health, { timeout: 20_000 }).not.toBe(200);
    held.open();
    expect((await stream.finalMessage()).content).toMatchObject([{ text: 'late' }]);
    expect(await served.ended).toEqual({ code: 0, signal: null });
  });

  it(`does not wait when it is told twice ${verifies('serve-ends')}`, async () => {
    const held = gate();
    const { sdk, served } = await start(held.script);
    const lost = sdk.messages.create({ ...least, messages: [user('x')] }).catch((error: unknown) => error);
    await held.held(0);
    served.child.kill('SIGINT');
    served.child.kill('SIGTERM');
    expect(await served.ended).toEqual({ code: 0, signal: null });
    expect(await lost).toMatchObject({ status: 503 });
  });

  it(`is watched without, or with, a token ${verifies('serve-watched')}`, async () => {
    const { sdk, served, home } = await start();
    expect(await (await fetch(`${served.url}/health`)).json()).toEqual({ status: 'ok' });
    await sdk.messages.create({ ...least, messages: [user(callsTool('Read', { file_path: '/nowhere' }))] });
    expect((await fetch(`${served.url}/metrics`)).status).toBe(401);
    const operator = readFileSync(join(home.claudexHome, 'serve', 'metrics.token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${operator}` };
    const metrics = await fetch(`${served.url}/metrics`, { headers });
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toContain('claudex_serve_requests_total{workspace="project",status="200"} 1\n');
    expect((await fetch(`${served.url}/v1/messages`, { method: 'POST', headers })).status).toBe(401);
    expect(await served.metric('project', 'claudex_serve_requests_total', 'status="200"')).toBe(1);
    expect(await served.metric('project', 'claudex_serve_tokens_total', 'kind="output"')).toBe(20);
    expect(await served.metric('project', 'claudex_serve_request_seconds_count')).toBe(1);
    expect(await served.metric('project', 'claudex_serve_claude_events_total', 'event="crash"')).toBe(0);
  });
});
