/**
 * One viewer of a session's terminal over a WebSocket. A lost connection is opened again and begins with a new picture of the
 * screen; keys are kept until the server has said that it has them.
 */
import { connection } from '../state/connection.ts';
import { type Bytes, TypedBytes } from './typed-bytes.ts';

export interface Size {
  cols: number;
  rows: number;
}

export type TerminalState = 'connecting' | 'open' | 'away' | 'ended';

export interface TerminalSocketOptions {
  session: string;
  readOnly: boolean;
  /** How much fits here. */
  size: () => Size;
  /**
   * Draws the whole screen, whatever was shown before. The first one of a connection comes with what is above the screen, or with the
   * beginning of that; a later one leaves what is there.
   */
  onSnapshot: (bytes: Uint8Array, isFirst: boolean) => void;
  onOutput: (bytes: Uint8Array) => void;
  /** The size that claude's terminal has. */
  onSize: (size: Size) => void;
  onState: (state: TerminalState, reason: string) => void;
  /** So many typed bytes were on their way to a server that died: they may be there, or not. */
  onUnsure: (bytes: number) => void;
}

type ServerWord =
  | { type: 'size' | 'welcome'; cols?: number; rows?: number; size?: Size }
  | { type: 'snapshot' }
  | { type: 'bye' | 'ended'; reason?: string }
  | { type: 'typed'; taken: number; known?: boolean }
  | { type: 'error'; error: { message: string } };

const firstPauseMs = 300;
const longestPauseMs = 5000;
/** A server that has not said within this that it has what was typed is not there any more, whatever the network says. */
const silentMs = 10_000;

export class TerminalSocket {
  readonly #options: TerminalSocketOptions;
  readonly #typed = new TypedBytes();
  readonly #unfollow: () => void;
  #socket: WebSocket | undefined;
  /** The server has said how much of what was typed it has: from then on keys go to it. */
  #takesKeys = false;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = firstPauseMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #snapshotNext = true;
  #isNew = true;
  #closed = false;

  constructor(options: TerminalSocketOptions) {
    this.#options = options;
    this.#open();
    // the page has noticed that the machine is away, or back: no pause is waited for
    let last = connection.peek();
    this.#unfollow = connection.subscribe((now) => {
      const [was, is] = [last, now];
      last = now;
      if (was === is || this.#closed) return;
      if (is === 'away' && !navigator.onLine) this.#lost('');
      if (is === 'live' && this.#socket?.readyState !== WebSocket.OPEN) this.#open();
    });
  }

  /** @returns false where it is too much to keep */
  send(bytes: Bytes): boolean {
    if (!this.#typed.add(bytes)) return false;
    this.#sendTyped();
    return true;
  }

  resize(size: Size): void {
    this.#say({ type: 'resize', ...size });
  }

  focus(focused: boolean): void {
    this.#say({ type: 'focus', focused });
  }

  close(): void {
    this.#closed = true;
    this.#unfollow();
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket?.close();
  }

  #sendTyped(): void {
    if (!this.#takesKeys || this.#socket?.readyState !== WebSocket.OPEN) return;
    for (const bytes of this.#typed.take()) this.#socket.send(bytes);
    if (this.#typed.isOnItsWay && this.#silence === undefined)
      this.#silence = setTimeout(() => this.#lost(''), silentMs);
  }

  /** Opens it again after a pause. */
  #lost(reason: string): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#takesKeys = false;
    socket?.close();
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.#options.onState('away', reason);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #say(word: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(word));
  }

  #open(): void {
    clearTimeout(this.#timer);
    const last = this.#socket;
    const { session, readOnly, size, onState } = this.#options;
    const { cols, rows } = size();
    const url = new URL(`/api/v1/sessions/${encodeURIComponent(session)}/terminal`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = new URLSearchParams({
      cols: String(cols),
      rows: String(rows),
      ...(readOnly ? { readonly: '1' } : { stream: this.#typed.stream }),
    }).toString();
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    last?.close();
    this.#takesKeys = false;
    this.#snapshotNext = true;
    this.#isNew = true;
    onState('connecting', '');
    socket.addEventListener('open', () => {
      if (this.#socket === socket) onState('open', '');
    });
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#socket !== socket) return;
      if (typeof data === 'string') return this.#heard(JSON.parse(data) as ServerWord);
      this.#pauseMs = firstPauseMs;
      const bytes = new Uint8Array(data);
      if (this.#snapshotNext) this.#options.onSnapshot(bytes, this.#isNew);
      else this.#options.onOutput(bytes);
      this.#snapshotNext = false;
      this.#isNew = false;
    });
    socket.addEventListener('close', ({ reason }) => {
      if (!this.#closed && this.#socket === socket) this.#lost(reason);
    });
  }

  #heard(word: ServerWord): void {
    const { onSize, onState, onUnsure } = this.#options;
    if (word.type === 'snapshot') this.#snapshotNext = true;
    else if (word.type === 'typed') {
      clearTimeout(this.#silence);
      this.#silence = undefined;
      if (word.known === undefined) this.#typed.taken(word.taken);
      else {
        const unsure = this.#typed.resume(word.taken, word.known);
        if (unsure > 0) onUnsure(unsure);
        this.#takesKeys = true;
      }
      this.#sendTyped();
    } else if (word.type === 'size' || word.type === 'welcome') {
      const cols = word.size?.cols ?? word.cols;
      const rows = word.size?.rows ?? word.rows;
      if (cols !== undefined && rows !== undefined) onSize({ cols, rows });
    } else if (word.type === 'bye' || word.type === 'ended') {
      this.#closed = true;
      onState('ended', word.reason ?? '');
    } else if (word.type === 'error') onState('away', word.error.message);
  }
}
