/** What a host writes beside its socket, for a daemon that comes later: who runs there, and how it has ended. */

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
    code: number;
    signal: number;
    /** How long claude has run. */
    ranMs: number;
    /** The last lines of its screen. */
    lastWords: string;
  } | null;
}
