/**
 * One viewer of a session's terminal over a WebSocket. Keys typed before it is open are kept; a lost connection is opened again and
 * begins with a new picture of the screen.
 */
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
  /** Draws the whole screen, whatever was shown before. */
  onSnapshot: (bytes: Uint8Array) => void;
  onOutput: (bytes: Uint8Array) => void;
  /** The size that claude's terminal has. */
  onSize: (size: Size) => void;
  onState: (state: TerminalState, reason: string) => void;
}

type ServerWord =
  | { type: 'size' | 'welcome'; cols?: number; rows?: number; size?: Size }
  | { type: 'snapshot' }
  | { type: 'bye' | 'ended'; reason?: string }
  | { type: 'error'; error: { message: string } };

const firstPauseMs = 300;
const longestPauseMs = 5000;
/** What is typed into a terminal that is away; more than this is somebody's paste of a file, and it is refused. */
const maxKeptBytes = 256 * 1024;

export class TerminalSocket {
  readonly #options: TerminalSocketOptions;
  #socket: WebSocket | undefined;
  #kept: Uint8Array<ArrayBuffer>[] = [];
  #keptBytes = 0;
  #pauseMs = firstPauseMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #snapshotNext = true;
  #closed = false;

  constructor(options: TerminalSocketOptions) {
    this.#options = options;
    this.#open();
  }

  /** @returns false where it could be kept neither */
  send(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(bytes);
      return true;
    }
    if (this.#keptBytes + bytes.length > maxKeptBytes) return false;
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
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
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #say(word: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(word));
  }

  #open(): void {
    const { session, readOnly, size, onState } = this.#options;
    const { cols, rows } = size();
    const url = new URL(`/api/v1/sessions/${encodeURIComponent(session)}/terminal`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = new URLSearchParams({
      cols: String(cols),
      rows: String(rows),
      ...(readOnly && { readonly: '1' }),
    }).toString();
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#snapshotNext = true;
    onState('connecting', '');
    socket.addEventListener('open', () => {
      onState('open', '');
      for (const bytes of this.#kept) socket.send(bytes);
      this.#kept = [];
      this.#keptBytes = 0;
    });
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') return this.#heard(JSON.parse(data) as ServerWord);
      this.#pauseMs = firstPauseMs;
      const bytes = new Uint8Array(data);
      if (this.#snapshotNext) this.#options.onSnapshot(bytes);
      else this.#options.onOutput(bytes);
      this.#snapshotNext = false;
    });
    socket.addEventListener('close', ({ reason }) => {
      if (this.#closed || this.#socket !== socket) return;
      onState('away', reason);
      this.#timer = setTimeout(() => this.#open(), this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    });
  }

  #heard(word: ServerWord): void {
    const { onSize, onState } = this.#options;
    if (word.type === 'snapshot') this.#snapshotNext = true;
    else if (word.type === 'size' || word.type === 'welcome') {
      const cols = word.size?.cols ?? word.cols;
      const rows = word.size?.rows ?? word.rows;
      if (cols !== undefined && rows !== undefined) onSize({ cols, rows });
    } else if (word.type === 'bye' || word.type === 'ended') {
      this.#closed = true;
      onState('ended', word.reason ?? '');
    } else if (word.type === 'error') onState('away', word.error.message);
  }
}
