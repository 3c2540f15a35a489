/** What the daemon asks of supervisors beside typing: to take viewers, to hand their claude over. Each is answered once. */
import { ClaudexError, isErrorCode } from '../../errors/claudex-error.ts';
import type { SupervisorAnswer, SupervisorRequest } from '../../protocol/wire.ts';
import type { Session } from './session.ts';

/** A supervisor that is stopped (Ctrl-Z), or older than the request, never answers. */
const answerTakesMs = { 'take-viewers': 5000, 'hand-over': 20_000 } as const;

interface OpenRequest {
  sessionId: string;
  what: SupervisorRequest;
  done: () => void;
  failed: (error: ClaudexError) => void;
}

export class SupervisorRequests {
  readonly #socketOf: (id: string) => string;
  readonly #open = new Map<number, OpenRequest>();
  #last = 0;

  /** `socketOf`: where the viewers of that session come. */
  constructor(socketOf: (id: string) => string) {
    this.#socketOf = socketOf;
  }

  /** Resolves when it is done. @throws ClaudexError NOT_ATTACHABLE, HOST_UNREACHABLE, and what the supervisor says */
  async ask(session: Session, what: SupervisorRequest): Promise<void> {
    const { typist } = session;
    if (!typist) {
      const facts = session.hadSupervisor ? 'Its claudex is away.' : 'It was started without claudex.';
      throw new ClaudexError('NOT_ATTACHABLE', facts);
    }
    const request = ++this.#last;
    const takesMs = answerTakesMs[what];
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((done, failed) => {
        this.#open.set(request, { sessionId: session.id, what, done, failed });
        const facts = `Its claudex does not answer within ${takesMs / 1000} s: it is stopped (Ctrl-Z), or of an older version.`;
        timer = setTimeout(() => failed(new ClaudexError('HOST_UNREACHABLE', facts)), takesMs);
        typist.send({ type: 'asked', request, what, socket: this.#socketOf(session.id) });
      });
    } finally {
      clearTimeout(timer);
      this.#open.delete(request);
    }
  }

  /** The supervisor of that session says what became of a request. */
  answered(sessionId: string, { request, failure }: SupervisorAnswer): void {
    const open = this.#open.get(request);
    if (open?.sessionId !== sessionId) return;
    if (failure) open.failed(new ClaudexError(isErrorCode(failure.code) ? failure.code : 'INTERNAL', failure.facts));
    else open.done();
  }

  /** A host has that session now: its supervisor has ended, and says nothing more. */
  handedOver(sessionId: string): void {
    for (const open of this.#open.values()) {
      if (open.sessionId === sessionId && open.what === 'hand-over') open.done();
    }
  }
}
