/** Managed sessions over the daemon's socket, as a program with nothing else would drive them. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { environmentForClaude } from '../../../src/claude/environment.ts';
import { attachManaged } from '../../../src/daemon-client/attach-managed.ts';
import { type Frame, FrameReader, frame, frameKinds, framesProtocol, jsonFrame } from '../../../src/protocol/frames.ts';
import type { DaemonEvent } from '../../../src/protocol/wire.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessages, waitForSessionRecord } from '../../support/daemon-watch.ts';
import { isAlive } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

/** All frames that come, in order. */
function framesOf(socket: Duplex): Frame[] {
  const reader = new FrameReader(64 * 1024 * 1024);
  const frames: Frame[] = [];
  socket.on('data', (chunk: Buffer) => {
    for (const { kind, payload } of reader.take(chunk)) frames.push({ kind, payload: Buffer.from(payload) });
  });
  return frames;
}

const hello = { protocol: framesProtocol, kind: 'terminal', readOnly: false, size: { cols: 100, rows: 30 } };

const textOf = (frames: readonly Frame[], kind: number): string =>
  Buffer.concat(frames.filter((one) => one.kind === kind).map((one) => one.payload)).toString();

/** Asks for the screen as text until `text` stands there: output moves the cursor as it likes. */
async function untilShown(socket: Duplex, frames: readonly Frame[], text: string): Promise<void> {
  await until(() => {
    socket.write(jsonFrame(frameKinds.screen, { ansi: false }));
    return textOf(frames, frameKinds.screenText).includes(text);
  });
}

describe(`managed sessions of claude ${realClaudeVersion()} over the API`, () => {
  const bed = useTestBed();

  it(`start, attach by upgrade, type, stop, resume, forget; each change is an event ${verifies('managed-api')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const env = home.env(api);
    await runClaudex(['daemon', 'start'], { env, cwd: home.cwd });
    const client = daemonClient(home);
    const events = await client.events();
    bed.defer(() => events.close());
    const said: DaemonEvent[] = [];
    void (async () => {
      for await (const event of events) said.push(event);
    })();
    const states = (): string[] => said.flatMap((one) => (one.type === 'managed' ? one.managed.state : []));

    const { id } = await client.startManaged({
      cwd: home.cwd,
      args: [],
      env: environmentForClaude(env),
      claudeSessionId: null,
      keepWarm: false,
      restart: 'crash',
    });
    await waitForSessionRecord(home, (one) => one.id === id && one.state === 'idle');
    await expect(attachManaged(client.socketPath, 'nobody00')).rejects.toMatchObject({ code: 'NO_SUCH_MANAGED' });

    const socket = await attachManaged(client.socketPath, id);
    const frames = framesOf(socket);
    socket.write(jsonFrame(frameKinds.hello, hello));
    await until(() => textOf(frames, frameKinds.snapshot).includes('❯'));
    expect(JSON.parse(textOf(frames, frameKinds.welcome))).toMatchObject({ id, size: { cols: 100, rows: 30 } });
    await until(async () => {
      const [one] = await client.managed();
      return one?.viewers === 1 && one.state === 'running';
    });
    socket.write(frame(frameKinds.input, 'typed by a program'));
    await untilShown(socket, frames, 'typed by a program');
    socket.write(frame(frameKinds.input, '\r'));
    await untilShown(socket, frames, 'an answer');
    expect(textOf(frames, frameKinds.output)).not.toBe('');

    const closed = once(socket, 'close');
    await client.changeManaged(id, 'stop');
    await closed;
    expect(JSON.parse(textOf(frames, frameKinds.bye))).toMatchObject({ reason: 'ended' });
    await until(() => states().at(-1) === 'stopped');
    await expect(attachManaged(client.socketPath, id)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await client.changeManaged(id, 'resume');
    await until(() => states().at(-1) === 'running');
    await client.changeManaged(id, 'stop?now=true');
    await until(() => states().at(-1) === 'stopped');
    await client.changeManaged(id, 'forget');
    await until(() => said.some((one) => one.type === 'managed-forgotten' && one.id === id));
    const changes = states().filter((state, index, all) => state !== all[index - 1]);
    expect(changes).toEqual(['starting', 'running', 'stopped', 'starting', 'running', 'stopped']);
  });

  it(`a viewer that is attached through a daemon goes with it, and keeps it from nothing ${verifies('managed-api')}`, async () => {
    const home = bed.home();
    const api = await bed.api();
    const started = await runClaudex(['start', home.cwd, '--task', 'something'], { env: home.env(api), cwd: home.cwd });
    const id = started.stdout.trim();
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    const client = daemonClient(home);
    const { pid } = await client.status();
    const socket = await attachManaged(client.socketPath, id);
    const frames = framesOf(socket);
    socket.write(jsonFrame(frameKinds.hello, { ...hello, readOnly: true }));
    await until(() => textOf(frames, frameKinds.snapshot).includes('something'));
    const closed = once(socket, 'close');
    expect(await runClaudex(['daemon', 'stop'], { env: home.env(api), cwd: home.cwd })).toMatchObject({ code: 0 });
    await closed;
    expect(isAlive(pid)).toBe(false);
    const peeked = async () => (await runClaudex(['peek', id], { env: home.env(api), cwd: home.cwd })).stdout;
    await until(async () => (await peeked()).includes('something'));
  });
});
