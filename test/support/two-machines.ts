/** Two machines of one mesh for a test: alpha, which runs the server, and beta with a session `api` (the stand-in for claude). */
import { expect } from 'vitest';
import type { Message } from '../../src/protocol/message.ts';
import { runClaudex } from './claudex.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { invite, joinWith, type RunningMesh, startMesh, untilSeen } from './mesh.ts';
import { transcriptRecords } from './real-claude.ts';
import { withStandIn } from './stand-in.ts';
import type { TestBed } from './test-bed.ts';
import { until } from './until.ts';

export async function twoMachines(
  bed: TestBed,
): Promise<{ alpha: HermeticHome; beta: HermeticHome; server: RunningMesh }> {
  const [alpha, beta] = [bed.home({ cwdNames: ['web'] }), bed.home({ cwdNames: ['api'] })];
  const server = await startMesh(alpha, 'alpha');
  expect(await joinWith(beta, server.url, 'beta', await invite(alpha, 'beta'))).toMatchObject({ code: 0, stderr: '' });
  await startApi(alpha, beta);
  return { alpha, beta, server };
}

/** Beta's session `api`, once alpha sees it. */
export async function startApi(alpha: HermeticHome, beta: HermeticHome): Promise<void> {
  expect(await runThere(beta, 'start', beta.dir('api'), '--name', 'api')).toMatchObject({ code: 0 });
  await untilSeen(alpha, ({ machines }) => machines[0]?.sessions[0]?.state === 'idle' && !machines[0].away);
}

/** `claudex` there. */
export function runThere(home: HermeticHome, ...words: string[]): ReturnType<typeof runClaudex> {
  return runClaudex(words, { cwd: home.root, env: withStandIn(home), timeoutMs: 60_000 });
}

export async function messageThere(home: HermeticHome, id: string): Promise<Message & { waitsFor?: string }> {
  return JSON.parse((await runThere(home, 'inbox', 'show', id, '--json')).stdout);
}

export async function untilState(home: HermeticHome, id: string, state: string): Promise<Message> {
  let last: Message | undefined;
  await until(async () => {
    last = await messageThere(home, id);
    return last.state === state;
  });
  return last!;
}

/** The ids of the messages that reached a conversation there, in order, each as often as it did. */
export function marksIn(home: HermeticHome): string[] {
  return transcriptRecords(home)
    .filter((record) => record.type === 'user' || record.attachment?.type === 'hook_additional_context')
    .flatMap((record) => [...JSON.stringify(record).matchAll(/\[claudex (m\w{15}) from/g)].map(([, id]) => id!));
}
