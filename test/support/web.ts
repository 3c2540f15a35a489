/** `claudex web` for a test: the built command on a free port, requests to it, sockets on it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import { claudexBin } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { registerProcess, registerResource } from './resources.ts';
import { run } from './run-command.ts';

export interface WebReply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  json: any;
}

export interface WebRequest {
  method?: string;
  headers?: Record<string, string>;
  /** As JSON; a text goes as it is. */
  body?: unknown;
  token?: string;
}

export interface RunningWeb {
  url: string;
  port: number;
  child: ChildProcess;
  /** The path is sent as it is. */
  send(path: string, request?: WebRequest): Promise<WebReply>;
  /** A new token with those scopes. */
  token(...scopes: string[]): Promise<string>;
  /** The code of a new pairing link. */
  pairingCode(): Promise<string>;
  /** A browser that was let in: its cookie. */
  pair(): Promise<string>;
  /** An open socket; rejects with the HTTP status it was refused with. */
  open(path: string, options?: ClientOptions & { token?: string }): Promise<SocketLog>;
}

/** A socket with all that has come from it. */
export interface SocketLog {
  socket: WebSocket;
  /** Text frames, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into words of many shapes
  words: any[];
  bytes(): Buffer;
  closed: Promise<number>;
}

export async function startWeb(
  home: HermeticHome,
  { api, args = [], env = {} }: { api?: { url: string }; args?: string[]; env?: Record<string, string> } = {},
): Promise<RunningWeb> {
  const all = home.env(api, env);
  const child = spawn(process.execPath, [claudexBin, 'web', '--port', '0', ...args], {
    env: all,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  registerProcess(child.pid!, 'claudex web');
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  registerResource({
    label: `claudex web ${child.pid}`,
    dispose: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (text: string): void => {
      output += text;
      const found = /claudex web is at (\S+)[\s\S]*Ctrl-C/.exec(output)?.[1];
      if (found) resolve(found);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', (code) => reject(new Error(`claudex web ended (${code}):\n${output}`)));
  });
  const { port } = new URL(url);
  const claudex = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(process.execPath, [claudexBin, 'web', ...words], { env: all });
    if (code !== 0) throw new Error(`claudex web ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const web: RunningWeb = {
    url,
    port: Number(port),
    child,
    send: (path, request) => send(Number(port), path, request),
    token: (...scopes) => claudex('token', '--name', 'test', '--scope', scopes.join(',')),
    pairingCode: async () => (await claudex('pair')).replace(/^.*#pair=/, ''),
    pair: async () => {
      const body = { code: await web.pairingCode(), name: 'a test' };
      const { status, headers, text } = await web.send('/api/v1/pair', { method: 'POST', body });
      if (status !== 200) throw new Error(`not paired: ${status} ${text}`);
      return headers['set-cookie']![0]!.split(';')[0]!;
    },
    open: (path, options) => open(`ws://127.0.0.1:${port}${path}`, options),
  };
  return web;
}

/** One request on a connection of its own. */
export function send(port: number, path: string, request: WebRequest = {}): Promise<WebReply> {
  const { headers = {}, body, token } = request;
  const method = request.method ?? (body === undefined ? 'GET' : 'POST');
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        port,
        host: '127.0.0.1',
        path,
        method,
        agent: false,
        headers: {
          ...(text !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (response) => {
        let read = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: read, json: parsed(read) });
        });
      },
    );
    sent.once('error', reject);
    sent.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws Error `refused with <status>: <body>` */
export function open(url: string, options: ClientOptions & { token?: string } = {}): Promise<SocketLog> {
  const { token, headers = {}, ...rest } = options;
  const auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, { ...rest, headers: { ...headers, ...auth } });
  registerResource({ label: `socket ${url}`, dispose: () => socket.terminate() });
  const words: unknown[] = [];
  const chunks: Buffer[] = [];
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (data, isBinary) => {
    if (isBinary) chunks.push(data as Buffer);
    else words.push(JSON.parse(String(data)));
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ socket, words, bytes: () => Buffer.concat(chunks), closed }));
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => reject(new Error(`refused with ${response.statusCode}: ${text}`)));
    });
    socket.once('error', reject);
  });
}
