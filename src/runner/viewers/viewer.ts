/** What is kept of somebody who looks at a claude. */
import type { Writable } from 'node:stream';
import type { PersonKeys } from '../person-keys.ts';
import type { ScreenFeed } from './screen-feed.ts';
import type { SizedViewer } from './whose-size.ts';

export interface Viewer extends SizedViewer {
  /** Takes frames. */
  socket: Writable;
  /** What it is sent of the screen. */
  feed: ScreenFeed;
  /** Our own terminal: always there, and no guest. */
  isOwn: boolean;
  /** Of what it sends, what a person has typed. */
  typed: PersonKeys;
  missedPings: number;
  /** Nothing is to be read from it for now, or it may be again. */
  hold: (isHeld: boolean) => void;
}
