/**
 * The one typed client of the daemon: JSON over its unix socket.
 * node:http and not undici: requiring undici costs every short command about 65 ms and 17 MB here, node:http 3 ms.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';
import type { AdoptRequest } from '../protocol/hand-over.ts';
import type { ManagedRecord, Schedule, StartRequest } from '../protocol/managed.ts';
import type { Message } from '../protocol/message.ts';
import type { AnswerRequest, Question } from '../protocol/question.ts';
import type { SessionName, SessionRecord, StartQuestion } from '../protocol/session.ts';
import type {
  DaemonEvent,
  DaemonStatus,
  DrainReply,
  LeaseReport,
  ListedMessage,
  SendManyRequest,
  SendReply,
  SendRequest,
  ShownMessage,
  SupervisorAnswer,
  SupervisorCommand,
  SupervisorHello,
} from '../protocol/wire.ts';
import { errorFrom, lines, readText } from './read-answer.ts';

const requestTimeoutMs = 10_000;
/** A host has to start, and another one may have to end before. */
const hostStartTakesMs = 30_000;

/** An open NDJSON stream. */
export interface EventStream<T> {
  [Symbol.asyncIterator](): AsyncIterator<T>;
  close(): void;
}

export class DaemonClient {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Answered from memory: who waits long for it has found a daemon that hangs. */
  status(timeoutMs = requestTimeoutMs): Promise<DaemonStatus> {
    return this.ask('GET', '/v1/status', undefined, timeoutMs);
  }

  async sessions(): Promise<SessionRecord[]> {
    return (await this.ask<{ sessions: SessionRecord[] }>('GET', '/v1/sessions')).sessions;
  }

  /** The session that those processes run in; `exact`: that one of them is. @throws ClaudexError NOT_IN_A_SESSION */
  async whoami(pids: number[], configDir: string, { exact = false } = {}): Promise<SessionRecord> {
    return (await this.ask<{ session: SessionRecord }>('POST', '/v1/whoami', { pids, configDir, exact })).session;
  }

  /** Every name given with `claudex name`, those of ended sessions too. */
  async names(): Promise<SessionName[]> {
    return (await this.ask<{ names: SessionName[] }>('GET', '/v1/names')).names;
  }

  /** Names a session, or takes its name away (null). */
  async nameSession(target: string, alias: string | null): Promise<SessionRecord> {
    return (await this.ask<{ session: SessionRecord }>('POST', '/v1/names', { target, alias })).session;
  }

  send(request: SendRequest): Promise<SendReply> {
    return this.ask('POST', '/v1/messages', request);
  }

  /** One message for each target, or an error and none. */
  async sendToAll(request: SendManyRequest): Promise<SendReply[]> {
    return (await this.ask<{ messages: SendReply[] }>('POST', '/v1/messages', request)).messages;
  }

  /** The open messages and so many of the newest ended ones, their texts cut short; of all sessions, or from and to one. */
  async messages(of: { session?: string; ended?: number } = {}): Promise<ListedMessage[]> {
    const query = new URLSearchParams({
      ended: `${of.ended ?? 0}`,
      ...(of.session !== undefined && { session: of.session }),
    });
    return (await this.ask<{ messages: ListedMessage[] }>('GET', `/v1/messages?${query}`)).messages;
  }

  /** Takes what waits for that session, for itself to read: its mark in the transcript proves the delivery. */
  drain(id: string): Promise<DrainReply> {
    return this.ask('POST', `/v1/sessions/${encodeURIComponent(id)}/drain`);
  }

  message(id: string): Promise<ShownMessage> {
    return this.ask('GET', messagePath(id));
  }

  changeMessage(id: string, change: 'cancel' | 'retry'): Promise<Message> {
    return this.ask('POST', `${messagePath(id)}/${change}`);
  }

  /** Sends it again to another target, as a new message, and takes the old one back. @returns the new one */
  resendMessage(id: string, target: string): Promise<Message> {
    return this.ask('POST', `${messagePath(id)}/retry`, { target });
  }

  /** Has a session in somebody's terminal go on without it. Resolves when a host has it. */
  handOver(id: string): Promise<ManagedRecord> {
    return this.ask('POST', `/v1/sessions/${encodeURIComponent(id)}/hand-over`, undefined, hostStartTakesMs);
  }

  /** A host goes on with a session that was in somebody's terminal. */
  adoptManaged(id: string, request: AdoptRequest): Promise<ManagedRecord> {
    return this.ask('POST', `/v1/managed/${encodeURIComponent(id)}/adopt`, request);
  }

  /** Every managed session, whether or not it runs. */
  async managed(): Promise<ManagedRecord[]> {
    return (await this.ask<{ managed: ManagedRecord[] }>('GET', '/v1/managed')).managed;
  }

  startManaged(request: StartRequest): Promise<ManagedRecord> {
    return this.ask('POST', '/v1/managed', request, hostStartTakesMs);
  }

  /** Resumes, stops (`now`: not after the turn but at once), restarts or forgets a managed session. */
  changeManaged(
    id: string,
    change: 'resume' | 'restart' | 'stop' | 'stop?now=true' | 'forget',
  ): Promise<ManagedRecord> {
    return this.ask('POST', `/v1/managed/${encodeURIComponent(id)}/${change}`, undefined, hostStartTakesMs);
  }

  /** From now on; null takes it away. @throws ClaudexError NO_SUCH_MANAGED, BAD_SCHEDULE */
  scheduleManaged(id: string, schedule: Schedule | null): Promise<ManagedRecord> {
    return this.ask('POST', `/v1/managed/${encodeURIComponent(id)}/schedule`, schedule ?? undefined);
  }

  /** What claude asks, in every session; `ended`: also what is over (the newest ones, in memory). */
  async questions({ ended = false } = {}): Promise<Question[]> {
    return (await this.ask<{ questions: Question[] }>('GET', `/v1/questions?ended=${ended}`)).questions;
  }

  question(id: string): Promise<Question> {
    return this.ask('GET', `/v1/questions/${encodeURIComponent(id)}`);
  }

  /** Resolves with what has become of it. @throws ClaudexError QUESTION_OVER, QUESTION_NOT_REMOTE, BAD_ANSWER, NOT_TAKEN, PERSON_ONLY */
  answerQuestion(id: string, answer: AnswerRequest): Promise<Question> {
    return this.ask('POST', `/v1/questions/${encodeURIComponent(id)}/answer`, answer);
  }

  shutdown(reason: 'stopped' | 'replaced'): Promise<unknown> {
    return this.ask('POST', `/v1/shutdown?reason=${reason}`);
  }

  reportLease(id: string, report: LeaseReport): Promise<unknown> {
    return this.ask('POST', `/v1/supervisors/${id}/lease`, report);
  }

  reportGate(id: string, open: boolean): Promise<unknown> {
    return this.ask('POST', `/v1/supervisors/${id}/gate`, { open });
  }

  /** What the daemon has asked a supervisor for is done, or why not. */
  answerDaemon(id: string, answer: SupervisorAnswer): Promise<unknown> {
    return this.ask('POST', `/v1/supervisors/${id}/answer`, answer);
  }

  /** Has a session in somebody's terminal take viewers. @returns the socket that they connect to. */
  async takeViewers(id: string): Promise<string> {
    return (await this.ask<{ socket: string }>('POST', `/v1/sessions/${encodeURIComponent(id)}/viewers`)).socket;
  }

  reportQuestion(id: string, question: StartQuestion | null): Promise<unknown> {
    return this.ask('POST', `/v1/supervisors/${id}/question`, { question });
  }

  reportViewers(id: string, count: number): Promise<unknown> {
    return this.ask('POST', `/v1/supervisors/${id}/viewers`, { count });
  }

  /** Every change of sessions and messages from now on. */
  events(): Promise<EventStream<DaemonEvent>> {
    return this.follow('GET', '/v1/events');
  }

  /** Registers a supervisor for as long as the stream is open. */
  supervise(hello: SupervisorHello): Promise<EventStream<SupervisorCommand>> {
    return this.follow('POST', '/v1/supervisors', hello);
  }

  /** One question, one answer. (Of another machine: `far/far-client.ts`.) */
  protected async ask<T>(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<T> {
    const response = await this.#open(method, path, body, timeoutMs);
    const text = await readText(response);
    if (response.statusCode === undefined || response.statusCode >= 400) throw errorFrom(text);
    return JSON.parse(text) as T;
  }

  /** Opens a stream. */
  protected async follow<T>(method: string, path: string, body?: unknown): Promise<EventStream<T>> {
    const response = await this.#open(method, path, body);
    if (response.statusCode !== 200) throw errorFrom(await readText(response));
    response.setTimeout(0);
    return { [Symbol.asyncIterator]: () => lines<T>(response), close: () => response.destroy() };
  }

  #open(method: string, path: string, body?: unknown, timeoutMs = requestTimeoutMs): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const request: ClientRequest = httpRequest({
        socketPath: this.socketPath,
        method,
        path,
        headers:
          payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      });
      const timer = setTimeout(
        () => request.destroy(new ClaudexError('DAEMON_UNREACHABLE', `No answer within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      request.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.once('error', (error) => {
        clearTimeout(timer);
        reject(
          error instanceof ClaudexError
            ? error
            : new ClaudexError('DAEMON_UNREACHABLE', `${systemErrorCode(error) ?? error.message}.`, { cause: error }),
        );
      });
      request.end(payload);
    });
  }
}

/** @throws ClaudexError NO_SUCH_MESSAGE for an empty id: the address would be another */
function messagePath(id: string): string {
  if (id === '') throw new ClaudexError('NO_SUCH_MESSAGE', 'Asked for "".');
  return `/v1/messages/${encodeURIComponent(id)}`;
}
