/** May something be typed into a session, as its supervisor last said. */
import type { Clock } from '../../process/clock.ts';
import { SessionPlace } from './session-place.ts';
import type { SessionProcess } from './session-process.ts';

export class SessionGate extends SessionPlace {
  /** Set by a refused paste, cleared when the supervisor reports an open gate. */
  gateShutSinceSteadyMs: number | null = null;
  /** When the supervisor last said that nobody types there and no draft stands there. */
  gateOpenAtSteadyMs: number | null = null;
  /** The message that stands in its prompt box, and can be neither submitted nor taken out now. */
  leftMessage: string | null = null;
  readonly #clock: Clock;

  constructor(process: SessionProcess, clock: Clock) {
    super(process);
    this.#clock = clock;
  }

  /** Its supervisor would not type. */
  gateRefused(): void {
    this.gateShutSinceSteadyMs ??= this.#clock.steady();
    this.gateOpenAtSteadyMs = null;
  }

  /** Its supervisor says of a message in the box that it is left there (see LeaseReport), or that it no longer is (null). */
  messageLeft(messageId: string | null): void {
    this.leftMessage = messageId;
  }

  /** An earlier word about the gate says nothing any more. */
  gateOpened(): void {
    this.gateShutSinceSteadyMs = null;
    this.gateOpenAtSteadyMs = null;
  }

  /** Its supervisor has looked: nobody types, and no draft stands there. */
  gateSeenOpen(): void {
    this.gateShutSinceSteadyMs = null;
    this.gateOpenAtSteadyMs = this.#clock.steady();
  }
}
