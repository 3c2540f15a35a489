/** What is kept of somebody who looks at a claude. */
import type { Writable } from 'node:stream';
import type { PersonKeys } from '../person-keys.ts';
import type { SizedViewer } from './whose-size.ts';

export interface Viewer extends SizedViewer {
  /** Takes frames. */
  socket: Writable;
  /** Our own terminal: always there, and no guest. */
  isOwn: boolean;
  /** Of what it sends, what a person has typed. */
  typed: PersonKeys;
  /** `waiting`: for its snapshot. `behind`: until its socket has drained, then for a fresh one. */
  state: 'waiting' | 'live' | 'behind';
  /** While it waits: output that its snapshot will not hold. */
  since: Buffer[];
  missedPings: number;
  /** It has had no snapshot: its first holds what is above the screen, too. */
  isNew: boolean;
  /** Nothing is to be read from it for now, or it may be again. */
  hold: (isHeld: boolean) => void;
}
