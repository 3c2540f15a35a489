/** A daemon that says what a test wants: sessions, managed ones, questions, and any event, on the socket of a home. */
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { packageVersion } from '../../src/home/package.ts';
import { claudexPaths } from '../../src/home/paths.ts';
import type { ManagedRecord } from '../../src/protocol/managed.ts';
import type { Question } from '../../src/protocol/question.ts';
import type { SessionRecord } from '../../src/protocol/session.ts';

export interface DaemonStandIn {
  sessions: SessionRecord[];
  managed: ManagedRecord[];
  questions: Question[];
  /** Answers to other addresses: `POST /v1/messages` → what it says. */
  replies: Map<string, (body: unknown) => unknown>;
  /** Every request but those that only read, the oldest first. */
  readonly asked: Array<{ route: string; body: unknown }>;
  /** A line for every listener. */
  emit(event: object): void;
  /** How many listen. */
  readonly listeners: () => number;
  close(): Promise<void>;
}

/** A session record, with what a test cares for. */
export function aRecord(given: Partial<SessionRecord> & { id: string }): SessionRecord {
  return {
    name: given.id,
    alias: null,
    claudeName: null,
    cwd: `/home/ada/work/${given.id}`,
    pid: 1000,
    sessionId: null,
    transcriptPath: null,
    state: 'idle',
    waitingFor: null,
    kind: 'interactive',
    supervised: true,
    viewers: 0,
    peers: true,
    pending: 0,
    stuck: 0,
    lastHook: null,
    version: '2.1.332',
    startedAt: '2026-11-27T12:00:00.000Z',
    lastActiveAt: '2026-11-27T12:00:00.000Z',
    ...given,
  };
}

/** Listens in that environment's claudex folder. */
export async function startDaemonStandIn(env: NodeJS.ProcessEnv): Promise<DaemonStandIn> {
  const { home, socket } = claudexPaths(env);
  for (const folder of [home, dirname(socket)]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o700);
  }
  const streams = new Set<ServerResponse>();
  const standIn: DaemonStandIn = {
    sessions: [],
    managed: [],
    questions: [],
    replies: new Map(),
    asked: [],
    emit: (event) => {
      for (const stream of streams) stream.write(`${JSON.stringify(event)}\n`);
    },
    listeners: () => streams.size,
    close: async () => {
      for (const stream of streams) stream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => void answer(standIn, streams, request, response));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  chmodSync(socket, 0o600);
  return standIn;
}

async function answer(
  standIn: DaemonStandIn,
  streams: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = `${request.method} ${request.url?.split('?')[0]}`;
  const text = (await request.setEncoding('utf8').toArray()).join('');
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  if (request.method === 'POST') standIn.asked.push({ route, body });
  if (route === 'GET /v1/events') {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('{"type":"hello"}\n');
    streams.add(response);
    response.once('close', () => streams.delete(response));
    return;
  }
  const reply = standIn.replies.get(route)?.(body) ?? known(standIn, route);
  response.writeHead(reply === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(reply ?? { error: { code: 'NO_SUCH_ROUTE', message: '', facts: route, fix: '' } }));
}

function known(standIn: DaemonStandIn, route: string): unknown {
  switch (route) {
    case 'GET /v1/status':
      return {
        version: packageVersion(),
        pid: process.pid,
        uptimeMs: 1,
        sessions: standIn.sessions.length,
        pending: 0,
        stuck: [],
        silent: [],
        endsInMs: null,
      };
    case 'GET /v1/sessions':
      return { sessions: standIn.sessions };
    case 'GET /v1/questions':
      return { questions: standIn.questions };
    case 'GET /v1/managed':
      return { managed: standIn.managed };
    default:
      return undefined;
  }
}
