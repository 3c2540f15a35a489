/** What a host writes beside its socket, for a daemon that comes later: who runs there, and how it has ended. */

import type { StartQuestion } from './session.ts';

export interface HostFile {
  version: 1;
  id: string;
  host: { pid: number; startTime: string };
  claude: { pid: number; startTime: string };
  wasResume: boolean;
  viewers: number;
  /** Unsent text may stand in the prompt box. */
  maybeDraft: boolean;
  /** Null while claude runs. */
  ended: {
    /** Null where nobody knows how it ended: a claude that was handed over is no child of its host. */
    code: number | null;
    signal: number;
    /** It has turned its terminal's modes off, as it does when it ends by itself or is asked to, and not when it crashes. */
    leftInOrder?: boolean;
    /** What claude asked at its start when it ended: its person has said no. Null where it asked nothing that is known. */
    leftAt?: StartQuestion | null;
    /** How long claude has run. */
    ranMs: number;
    /** The last lines of its screen. */
    lastWords: string;
  } | null;
}
