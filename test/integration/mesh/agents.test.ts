/** Other programs on the mesh's server: they find sessions, prompt them and are answered, by the Synadia Agent Protocol for NATS. */
import { readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../../src/demo/stand-ins/write-stand-in.ts';
import { verifies } from '../../requirements.ts';
import { AgentClient, type Piece, textOf } from '../../support/agent-client.ts';
import { runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import {
  invite,
  joinWith,
  natsServer,
  type RunningMesh,
  startBareServer,
  startMesh,
  untilSeen,
} from '../../support/mesh.ts';
import { standIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

describe.runIf(natsServer !== undefined)('sessions as agents', () => {
  const bed = useTestBed();

  interface Scene {
    home: HermeticHome;
    server: RunningMesh;
    seed: string;
    client: AgentClient;
    claudex(...words: string[]): ReturnType<typeof runClaudex>;
  }

  /** Devbox runs the server and has a session `api`; a program `ci` is let in. */
  async function scene(scenario: Scenario = {}): Promise<Scene> {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const server = await startMesh(home, 'devbox');
    const seed = await invite(home, 'ci');
    const env = home.env(undefined, { CLAUDEX_CLAUDE_BIN: standIn(home.root, scenario) });
    const claudex = (...words: string[]) => runClaudex(words, { env, cwd: home.cwd, timeoutMs: 60_000 });
    expect(await claudex('config', 'set', 'mesh.agents', 'on')).toMatchObject({ code: 0 });
    expect(await claudex('start', home.dir('api'), '--name', 'API')).toMatchObject({ code: 0 });
    const client = await AgentClient.connect(server.url, 'ci', seed);
    await until(async () => await isThere(client, 'agents.status.cc.devbox.api'));
    return { home, server, seed, client, claudex };
  }

  const isThere = (client: AgentClient, subject: string): Promise<boolean> =>
    client.connection.request(subject, '', { timeout: 2000 }).then(
      ({ headers }) => headers === undefined || headers.get('Nats-Service-Error-Code') === '',
      () => false,
    );

  const prompt = 'agents.prompt.cc.devbox.api';

  it(`are found, prompted and answered ${verifies('mesh-agents')}`, async () => {
    const { client, claudex, home, server } = await scene({
      turns: [{ prompt: 'long one', says: 'ünï '.repeat(20_000) }],
    });
    const beats: unknown[] = [];
    client.connection.subscribe('agents.hb.*.*.*', {
      callback: (_, msg) => void beats.push([msg.subject, msg.json()]),
    });
    await client.connection.flush();
    expect(await claudex('start', home.dir('web'))).toMatchObject({ code: 0 });
    await until(() => isThere(client, 'agents.status.cc.devbox.web'));
    const found = (await client.service('INFO', 2)).sort((a, b) =>
      a.metadata.session!.localeCompare(b.metadata.session!),
    );
    expect(found).toMatchObject([
      {
        type: 'io.nats.micro.v1.info_response',
        name: 'agents',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        description: expect.any(String),
        metadata: { agent: 'claude-code', owner: 'devbox', session: 'api', protocol_version: '0.3' },
        endpoints: [
          {
            name: 'prompt',
            subject: prompt,
            queue_group: 'agents',
            metadata: { max_payload: '256KB', attachments_ok: 'false', min_sender_trust: 'any' },
          },
          { name: 'status', subject: 'agents.status.cc.devbox.api', queue_group: 'agents' },
        ],
      },
      { metadata: { session: 'web' } },
    ]);
    const [api] = found;
    expect(await client.service('PING', 1, api!.id)).toMatchObject([
      { type: 'io.nats.micro.v1.ping_response', name: 'agents', id: api!.id },
    ]);
    const status = (await client.connection.request('agents.status.cc.devbox.api')).json();
    expect(status).toEqual({
      agent: 'claude-code',
      owner: 'devbox',
      session: 'api',
      instance_id: api!.id,
      ts: expect.stringMatching(/^\d{4}-.*Z$/),
      interval_s: 30,
    });
    await until(() => beats.length >= 2);
    expect(beats).toContainEqual(['agents.hb.cc.devbox.api', { ...(status as object), ts: expect.any(String) }]);

    // text, and the same as JSON with what nobody knows beside it
    const answer = await client.prompt(prompt, 'hello agent');
    expect(answer[0]).toEqual({ type: 'status', data: 'ack' });
    expect(answer.filter(({ data }) => data === 'ack')).toHaveLength(1);
    expect(textOf(answer)).toContain('hello agent');
    expect(answer.at(-1)!.type).toBe('response');
    expect(textOf(await client.prompt(prompt, ' {"prompt":"as json","attachments":[],"trace":{"a":1}}'))).toContain(
      'as json',
    );
    // by its id too, which stays whatever it is called
    const [{ id }] = JSON.parse((await claudex('list', '--json', '--here')).stdout)
      .filter(({ alias }: { alias: string }) => alias === 'API')
      .concat({ id: api!.metadata.claudex_id });
    const long = await client.prompt(`agents.prompt.cc.devbox.${id}`, 'the long one');
    expect(textOf(long).trim() === 'ünï '.repeat(20_000).trim()).toBe(true);
    expect(long.filter(({ type }) => type === 'response').length).toBeGreaterThan(1);

    // a peer's word, with our proof; a prompt that comes twice is one
    await Promise.all([
      client.prompt(prompt, 'only once', { id: 'one' }),
      client.prompt(prompt, 'only once', { id: 'one' }),
    ]);
    const messages = JSON.parse((await claudex('inbox', 'list', 'API', '--all', '--json')).stdout);
    expect(messages.filter(({ body }: { body: string }) => body === 'only once')).toMatchObject([
      { state: 'answered', sender: { kind: 'peer', label: 'a program on the mesh' } },
    ]);
    const [stats] = (await client.service('STATS', 1, api!.id)) as unknown as Array<{ endpoints: unknown[] }>;
    expect(stats!.endpoints[0]).toMatchObject({ name: 'prompt', num_requests: 5, num_errors: 0 });

    // a flood is dropped, and the person at that machine hears nothing of it
    for (let count = 0; count < 500; count++) client.connection.publish(prompt, '', { reply: '_INBOX.ci.flood' });
    await client.connection.flush();
    await until(() => readFileSync(join(home.claudexHome, 'logs', 'mesh.log'), 'utf8').includes('"why":"too many"'));
    expect((await claudex('ask', 'API', 'still there?')).stdout).toContain('still there?');
    await server.stop();
  });

  it(`refuse in the protocol’s words, and harm nobody ${verifies('mesh-agents')}`, async () => {
    const { client, claudex, seed, server, home } = await scene({ turns: [{ prompt: 'wait', afterMs: 600_000 }] });
    const error = async (payload: string | Uint8Array, options = {}, subject = prompt): Promise<unknown> => {
      const pieces = await client.prompt(subject, payload, options);
      expect(pieces.map(({ type }) => type)).toEqual(['error']);
      return pieces[0]!.data;
    };
    for (const bad of [
      '',
      '  \n',
      '{',
      '{"prompt":3}',
      '{"prompt":""}',
      '\u001b[2J',
      '{"prompt":"x","attachments":{}}',
      '{"__proto__":{"prompt":"x"}}',
      '{"prompt":'.repeat(20_000),
      Uint8Array.of(0xff, 0xfe),
    ])
      expect(await error(bad)).toMatchObject({ code: '400', error: 'bad_request' });
    expect(await error('{"prompt":"x","attachments":[{"filename":"a","content":"aGk="}]}')).toMatchObject({
      code: '400',
      error: 'attachments_not_supported',
      words: expect.stringContaining('Attachments are not taken'),
    });
    expect(await error('x'.repeat(256 * 1024 + 1))).toMatchObject({ code: '400', error: 'prompt_too_large' });
    expect(await error('x', {}, 'agents.prompt.cc.devbox.nobody')).toMatchObject({ code: '404', error: 'not_found' });
    // an answer into nobody's inbox: nothing happens there
    client.connection.publish(prompt, 'elsewhere', { reply: '$KV.claudex_machines.devbox' });
    await client.connection.flush();

    // eight at once in one session: the ninth is told so, and the other session hears nothing of it
    const turns: Array<Promise<Piece[]>> = [];
    for (let count = 0; count < 8; count++)
      await new Promise<void>((resolve) =>
        turns.push(client.prompt(prompt, `wait ${count}`, { seen: () => resolve() })),
      );
    expect(await error('one more')).toMatchObject({ code: '429', error: 'too_many_prompts' });
    expect(await claudex('start', home.dir('web'))).toMatchObject({ code: 0 });
    await until(() => isThere(client, 'agents.status.cc.devbox.web'));
    expect(textOf(await client.prompt('agents.prompt.cc.devbox.web', 'and you?'))).toContain('and you?');

    // the session ends in the middle of a turn
    await until(async () =>
      JSON.parse((await claudex('inbox', 'list', 'API', '--json')).stdout).some(
        ({ state }: { state: string }) => state === 'delivered',
      ),
    );
    expect(await claudex('stop', 'API', '--now')).toMatchObject({ code: 0 });
    for (const pieces of await Promise.all(turns))
      expect(pieces.at(-1)).toMatchObject({ type: 'error', data: { code: '409' } });

    // who may send: a signature of a machine of the mesh, where the setting names it
    const web = 'agents.prompt.cc.devbox.web';
    const laptop = bed.home();
    expect(await joinWith(laptop, server.url, 'ci', seed)).toMatchObject({ code: 0 });
    await untilSeen(home, ({ machines }) => machines[0]?.name === 'ci' && !machines[0].away);
    expect(await claudex('config', 'set', 'mesh.send', 'ci')).toMatchObject({ code: 0 });
    expect(await error('x', {}, web)).toMatchObject({ code: '401', error: 'signature_required' });
    expect(textOf(await client.prompt(web, 'signed', { signedWith: seed }))).toContain('signed');
    expect(await claudex('config', 'set', 'mesh.send', 'laptop')).toMatchObject({ code: 0 });
    expect(await error('x', { signedWith: seed }, web)).toMatchObject({ code: '403', error: 'not_allowed' });

    // what is off is off at once
    expect(await claudex('config', 'set', 'mesh.agents', 'off')).toMatchObject({ code: 0 });
    expect(await error('x', {}, web)).toMatchObject({ code: '404' });
    await until(() =>
      client.prompt(web, 'x').then(
        () => false,
        (thrown) => /no responders/.test(String(thrown)),
      ),
    );
    await server.stop();
  });

  it(`the NATS command line’s request, on the wire ${verifies('mesh-agents')}`, async () => {
    const home = bed.home();
    const url = await startBareServer(['-js', '-sd', `${home.root}/store`]);
    const env = home.env(undefined, { CLAUDEX_CLAUDE_BIN: standIn(home.root), CLAUDEX_MESH_AGENTS: 'on' });
    const claudex = (...words: string[]) => runClaudex(words, { env, cwd: home.cwd, timeoutMs: 60_000 });
    expect(await claudex('mesh', 'join', url, '--as', 'solo')).toMatchObject({ code: 0 });
    expect(await claudex('start', home.cwd, '--name', 'api')).toMatchObject({ code: 0 });
    const socket = connectSocket({ host: '127.0.0.1', port: Number(new URL(url).port) });
    let got = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      got += text;
    });
    socket.write('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB _INBOX.x7Q 1\r\n');
    await until(() => {
      // its sessions come a moment after the service: asked again until this one is there
      socket.write('PUB $SRV.INFO.agents _INBOX.x7Q 0\r\n\r\n');
      return got.includes('"subject":"agents.prompt.cc.solo.api"');
    });
    got = '';
    socket.write(
      'PUB agents.prompt.cc.solo.api _INBOX.x7Q 14\r\nsay plain words\r\n'.replace(
        '14',
        String('say plain words'.length),
      ),
    );
    await until(() => /MSG _INBOX\.x7Q 1 0\r\n\r\n/.test(got));
    expect(got).toMatch(
      /MSG _INBOX\.x7Q 1 \d+\r\n\{"type":"status","data":"ack"\}\r\n[\s\S]*\{"type":"response","data":"[^"]*say plain words/,
    );
    // where everything is to be encrypted, nothing is offered in the clear
    expect(await claudex('config', 'set', 'mesh.encrypt', 'on')).toMatchObject({ code: 0 });
    got = '';
    socket.write('PUB agents.status.cc.solo.api _INBOX.x7Q 0\r\n\r\n');
    // refused, or nobody listens there any more, as soon as the bridge has looked at its settings
    await until(() => /Nats-Service-Error-Code: 404|NATS\/1\.0 503/.test(got));
    socket.destroy();
    expect(await claudex('mesh', 'leave')).toMatchObject({ code: 0 });
  });
});
