/**
 * Lines of a screen model that are found again: however many leave it at the top meanwhile, and whatever width they get. The library's own
 * marks follow the lines that leave; a screen that becomes narrower moves them wrongly once it has no room for all lines (tried: 6.0).
 */
import type { Terminal } from '@xterm/headless';

/** What the library keeps to itself of the main screen and the lines above it. A full reset makes another one. */
interface InnerBuffer {
  addMarker(y: number): { line: number; isDisposed: boolean; dispose(): void };
  lines: { length: number; get(y: number): object | undefined };
}

/** A line of the main screen or above it. */
export interface LinePlace {
  /** Counted from the oldest line; undefined once the line is gone. */
  readonly y: number | undefined;
  /** Nobody asks for it any more. */
  forget(): void;
}

export class LinePlaces {
  readonly #terminal: Terminal;
  readonly #kept = new Set<KeptPlace>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Keeps the place of the line that is the `y`th now. */
  keep(y: number): LinePlace {
    const place = new KeptPlace(
      () => this.#buffer,
      y,
      () => this.#kept.delete(place),
    );
    this.#kept.add(place);
    return place;
  }

  /** Gives the screen another size. */
  resize(cols: number, rows: number): void {
    const find = [...this.#kept].map((place) => place.hold());
    this.#terminal.resize(cols, rows);
    for (const again of find) again();
  }

  get #buffer(): InnerBuffer {
    return (this.#terminal as unknown as { _core: { buffers: { normal: InnerBuffer } } })._core.buffers.normal;
  }
}

class KeptPlace implements LinePlace {
  readonly #current: () => InnerBuffer;
  readonly #forgotten: () => void;
  #buffer: InnerBuffer;
  #mark: ReturnType<InnerBuffer['addMarker']>;

  constructor(current: () => InnerBuffer, y: number, forgotten: () => void) {
    this.#current = current;
    this.#forgotten = forgotten;
    this.#buffer = current();
    this.#mark = this.#buffer.addMarker(y);
  }

  get y(): number | undefined {
    return this.#mark.isDisposed || this.#buffer !== this.#current() ? undefined : this.#mark.line;
  }

  forget(): void {
    this.#mark.dispose();
    this.#forgotten();
  }

  /** @returns finds the line again where all lines have been laid out anew: the first row of each stays the same object */
  hold(): () => void {
    const { y } = this;
    const line = y === undefined ? undefined : this.#buffer.lines.get(y);
    return () => {
      this.#mark.dispose();
      const { lines } = this.#buffer;
      let at = 0;
      while (at < lines.length && lines.get(at) !== line) at++;
      if (line && at < lines.length) this.#mark = this.#buffer.addMarker(at);
    };
  }
}
