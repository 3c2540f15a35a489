/**
 * Hands the planned messages in, as careful senders do: one lane of senders per folder, the same key again after every
 * failure, until the daemon has said that it has the message. Keeps what the daemon promised.
 */
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { ClaudexError } from '../../src/errors/claudex-error.ts';
import type { SendRequest } from '../../src/protocol/wire.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { PlannedMessage } from './plan.ts';
import type { Slot } from './session-slot.ts';

const lanesPerSeat = 2;

/** What the daemon has promised of one planned message. */
export interface Promised {
  message: PlannedMessage;
  lane: string;
  /** Every id that was given out for its key; more than one breaks the contract. */
  ids: Set<string>;
}

export class Senders {
  readonly promised = new Map<number, Promised>();
  /** Tries that failed, by error code. */
  readonly failures = new Map<string, number>();
  /** Not delivered yet, by folder; kept by the run's poll. */
  pending = new Map<string, number>();
  readonly #stage: ChaosWorld;
  readonly #seats: Slot[];
  /** Folders that are sent nothing for now, and how many want that. */
  readonly #heldBack = new Map<string, number>();
  readonly #maxPending: number;
  readonly #isOver: () => boolean;

  /** `maxPending`: a sender waits while its folder has so many undelivered messages: faults are to meet traffic all along. */
  constructor(stage: ChaosWorld, seats: Slot[], maxPending: number, isOver: () => boolean) {
    this.#maxPending = maxPending;
    this.#stage = stage;
    this.#seats = seats;
    this.#isOver = isOver;
  }

  /** Resolves when every message has been promised, or time is up. */
  async run(messages: readonly PlannedMessage[]): Promise<void> {
    const lanes = new Map<string, PlannedMessage[]>();
    for (const message of messages) {
      const lane = `${message.seat}/${message.number % lanesPerSeat}`;
      lanes.set(lane, [...(lanes.get(lane) ?? []), message]);
    }
    await Promise.all([...lanes].map(([lane, list]) => this.#runLane(lane, list)));
  }

  /** Nothing more is sent into that folder. Returns the end of it. */
  holdBack(cwd: string): () => void {
    const add = (count: number): void => void this.#heldBack.set(cwd, (this.#heldBack.get(cwd) ?? 0) + count);
    add(1);
    return () => add(-1);
  }

  #mustWait(cwd: string): boolean {
    return (this.pending.get(cwd) ?? 0) > this.#maxPending || (this.#heldBack.get(cwd) ?? 0) > 0;
  }

  async #runLane(lane: string, messages: readonly PlannedMessage[]): Promise<void> {
    for (const message of messages) {
      const { cwd } = this.#seats[message.seat]!;
      while (this.#mustWait(cwd) && !this.#isOver()) await delay(25);
      const promised: Promised = { message, lane, ids: new Set() };
      for (let attempt = 0; promised.ids.size === 0; attempt++) {
        if (this.#isOver()) return;
        await this.#try(promised, cwd, attempt);
      }
      this.promised.set(message.number, promised);
      this.pending.set(cwd, (this.pending.get(cwd) ?? 0) + 1);
    }
  }

  async #try(promised: Promised, cwd: string, attempt: number): Promise<void> {
    const { message } = promised;
    try {
      if (attempt === 0 && message.handing === 'connection cut') await this.#cutConnection(message, cwd);
      // whether it got through or not: the sender asks again with the same key, sometimes even after a yes
      if (message.handing.startsWith('command') && attempt < 10) {
        promised.ids.add(await this.#sendByCommand(message, cwd, attempt));
      } else {
        promised.ids.add((await this.#stage.client.send(requestFor(message, cwd))).id);
      }
      if (message.number % 50 === 0) promised.ids.add((await this.#stage.client.send(requestFor(message, cwd))).id);
    } catch (error) {
      const code = error instanceof ClaudexError ? error.code : String(error).slice(0, 80);
      this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
      if (code === 'DAEMON_UNREACHABLE' && !this.#isOver()) await this.#stage.startDaemon();
      await delay(50);
    }
  }

  /** `claudex send`, a process of its own; killed on its way where that is planned. */
  #sendByCommand(message: PlannedMessage, cwd: string, attempt: number): Promise<string> {
    const peer = message.sender === 'peer' ? ['--from', 'chaos'] : [];
    const note = message.kind === 'note' ? ['--note'] : [];
    const options = ['--hold', '--key', message.key, '--when', message.when, ...peer, ...note];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.#stage.claudexBin, 'send', cwd, ...options, '-'], {
        env: this.#stage.env(),
        cwd: this.#stage.home.root,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      if (message.handing === 'command, killed' && attempt === 0) {
        setTimeout(() => child.kill('SIGKILL'), 80 + (message.number % 12) * 25);
      }
      let id = '';
      child.stdout.on('data', (chunk) => {
        id += chunk;
      });
      child.stdin.on('error', () => undefined); // it may be dead already
      child.stdin.end(message.body);
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0 && id.startsWith('m')) resolve(id.trim());
        else reject(new Error(`claudex send: exit ${code ?? 'by signal'}`));
      });
    });
  }

  /** Sends the request and is gone before the answer. */
  #cutConnection(message: PlannedMessage, cwd: string): Promise<void> {
    const payload = JSON.stringify(requestFor(message, cwd));
    // some go in the middle of the body
    const sent = message.number % 3 === 0 ? payload.slice(0, payload.length / 2) : payload;
    return new Promise((resolve) => {
      const request = httpRequest({
        socketPath: this.#stage.client.socketPath,
        method: 'POST',
        path: '/v1/messages',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      });
      request.on('error', () => resolve());
      request.on('close', () => resolve());
      request.write(sent, () => setTimeout(() => request.destroy(), message.number % 4));
    });
  }
}

function requestFor(message: PlannedMessage, cwd: string): SendRequest {
  return {
    target: cwd,
    body: message.body,
    kind: message.kind,
    when: message.when,
    sender: { kind: message.sender, label: 'chaos' },
    key: message.key,
    hold: true,
  };
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
