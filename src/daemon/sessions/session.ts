/**
 * The daemon's own record of one running claude process: what is known of it, and how each thing that happens changes it.
 * Knows how state is derived (claude's own session file first, hooks second); does not read files or sockets itself.
 */
import { bypassMode } from '../../claude/command-line/permission-mode.ts';
import type { ClaudeSessionFile } from '../../claude/session/session-file.ts';
import { guessTranscriptPath } from '../../claude/transcript/conversation-files.ts';
import type { Clock } from '../../process/clock.ts';
import type { SessionState } from '../../protocol/session.ts';
import { SessionGate } from './session-gate.ts';
import { newSessionId } from './session-id.ts';
import type { SessionProcess, Supervisor } from './session-process.ts';
import { stateOf } from './session-state.ts';

/** How long a supervisor may take to come back: it waits for a daemon's address, and connects at once. */
const reconnectMs = 10_000;

/** A session as everybody sees it. Its fields change by its own methods alone. */
export type Session = Readonly<LiveSession>;

/** The record that can be written to; only this file names it. */
export class LiveSession extends SessionGate {
  readonly id: string;
  readonly configDir: string;
  readonly startedAt: number;
  cwd: string;
  /** From `claudex name`; its owner is names.ts. */
  alias: string | null = null;
  claudeSessionId: string | null = null;
  /** The conversation that its last SessionStart hook has told of. */
  announcedSessionId: string | null = null;
  version: string | null = null;
  /** What hooks last said; null until one has come. */
  hookState: Extract<SessionState, 'idle' | 'busy' | 'waiting'> | null = null;
  /** True once a hook of this session has reached us. */
  hooksSeen = false;
  /** The hook event that came from it last, and when (time of day); null until one has. */
  lastHook: { event: string; at: number } | null = null;
  /** Claude's session file has told of a turn that began before our eyes. */
  turnSeen = false;
  /** Its hooks have said CLAUDEX_PEERS=off. */
  peersOff = false;
  /** The tool of the last permission request, until the turn goes on. */
  permissionTool: string | null = null;
  transcriptPath: string | null = null;
  hasBackgroundWork = false;
  /** It was started by claudex: its supervisor comes back after it has been away. */
  hadSupervisor = false;
  /** Until when its supervisor is waited for, before another way in is taken. */
  supervisorDueSteadyMs: number | null = null;
  /** What a hook, or claude's command line, last said of it. Null until one has. */
  permissionMode: string | null = null;
  /** It has held a message of ours until a person agreed. */
  hasHeldPeers = false;
  lastActiveAt: number;
  /** When a daemon first and last saw it. */
  firstSeenSteadyMs: number;
  lastSeenSteadyMs: number;
  /** Since when it is on its way out: it has said so, or its claudex is gone, and its terminal with it. */
  leavingSinceSteadyMs: number | null = null;
  readonly #clock: Clock;

  constructor(id: string, process: SessionProcess, clock: Clock) {
    super(process, clock);
    this.id = id;
    this.cwd = process.cwd;
    this.configDir = process.configDir;
    this.startedAt = clock.timeOfDay();
    this.lastActiveAt = this.startedAt;
    this.firstSeenSteadyMs = clock.steady();
    this.lastSeenSteadyMs = this.firstSeenSteadyMs;
    this.#clock = clock;
  }

  /** Its process lives. */
  seen(): void {
    this.lastSeenSteadyMs = this.#clock.steady();
  }

  /** Something has come from it or about it. */
  active(): void {
    this.lastActiveAt = this.#clock.timeOfDay();
    this.seen();
  }

  named(alias: string | null): void {
    this.alias = alias;
  }

  /** A hook of it has reached us; not every hook tells the mode (null). A job does not have the variables of its terminal. */
  hookHeard(peersOff: boolean, permissionMode: string | null, event?: string): void {
    if (event !== undefined) this.lastHook = { event, at: this.#clock.timeOfDay() };
    this.hooksSeen = true;
    this.peersOff = peersOff || (this.peersOff && this.isBackground);
    this.permissionMode = permissionMode ?? this.permissionMode;
    // in another mode it lets them in
    if (permissionMode !== null && permissionMode !== bypassMode) this.hasHeldPeers = false;
  }

  /** It has held a message of ours until a person agreed. */
  holdsPeers(): void {
    this.hasHeldPeers = true;
  }

  override movedTo(process: Pick<SessionProcess, 'pid' | 'startTime'>): void {
    super.movedTo(process);
    this.file = null;
    this.hookState = null;
    this.permissionTool = null;
    this.gateOpened();
    this.leavingSinceSteadyMs = null;
  }

  /** A SessionStart hook tells of a conversation. */
  conversationAnnounced(claudeSessionId: string): void {
    this.announcedSessionId = claudeSessionId;
  }

  /** False when nothing has told that this conversation is its own; where claude writes no file, all is taken. */
  hasConversation(claudeSessionId: string): boolean {
    if (this.file === null || this.claudeSessionId === null) return true;
    return [this.claudeSessionId, this.announcedSessionId, this.file.sessionId].includes(claudeSessionId);
  }

  /** Which conversation it has now; a transcript that is not told (null) stays the one that is known. */
  conversationIs(claudeSessionId: string, transcriptPath: string | null): void {
    this.claudeSessionId = claudeSessionId;
    this.transcriptPath = transcriptPath ?? this.transcriptPath;
  }

  /** Claude has started, or goes on with another conversation; a compaction (`inTurn`) leaves the turn as it is. */
  conversationBegan({ inTurn }: { inTurn: boolean }): void {
    this.leavingSinceSteadyMs = null;
    if (!inTurn) this.hookState = 'idle';
  }

  promptSubmitted(): void {
    this.#hooksSay('busy');
  }

  turnEnded(hasBackgroundWork = false): void {
    this.hasBackgroundWork = hasBackgroundWork;
    this.#hooksSay('idle');
  }

  /** Its Stop hook was given something to go on with. */
  turnContinues(): void {
    this.#hooksSay('busy');
  }

  /** It waits for a person's permission; `tool` is undefined where only the waiting is known. */
  permissionAsked(tool?: string | null): void {
    this.hookState = 'waiting';
    if (tool !== undefined) this.permissionTool = tool;
  }

  /** It is on its way out. */
  leaving(): void {
    this.leavingSinceSteadyMs ??= this.#clock.steady();
  }

  /** `startMode`: the permission mode that claude was started in, where its supervisor knows. */
  connected(supervisor: Supervisor, startMode?: string): void {
    this.supervisor = supervisor;
    // it says so by itself where anybody looks
    this.viewers = 0;
    this.hadSupervisor = true;
    this.supervisorDueSteadyMs = null;
    this.permissionMode ??= startMode ?? null;
    this.gateOpened();
    this.leavingSinceSteadyMs = null;
  }

  /** @returns false when another supervisor has taken over since, or this daemon has let go of it */
  disconnected(supervisor: Supervisor): boolean {
    if (this.supervisor !== supervisor) return false;
    this.supervisor = null;
    if (this.seat !== null) return true;
    this.leavingSinceSteadyMs = this.#clock.steady();
    this.supervisorDue();
    return true;
  }

  /** Its supervisor is away, and comes back soon if it lives. */
  supervisorDue(): void {
    if (this.hadSupervisor) this.supervisorDueSteadyMs = this.#clock.steady() + reconnectMs;
  }

  /** This daemon goes away: what happens to the connection says nothing about the session any more. */
  letGo(): void {
    this.supervisor = null;
  }

  /** Claude has written its session file. @returns true when something that we show or decide by has changed */
  fileRead(file: ClaudeSessionFile): boolean {
    const before = this.file;
    const stateBefore = stateOf(this);
    this.file = file;
    this.cwd = file.cwd;
    this.version = file.version ?? this.version;
    if (this.claudeSessionId !== file.sessionId || this.transcriptPath === null) {
      this.conversationIs(file.sessionId, guessTranscriptPath(this.configDir, file.cwd, file.sessionId));
    }
    // it writes that it works once more just before it says that it waits: the hook has named the tool by then
    if (before?.status === 'waiting' && file.status !== 'waiting') this.permissionTool = null;
    if (before !== null && stateBefore === 'idle' && stateOf(this) === 'busy') this.turnSeen = true;
    return (
      before === null ||
      stateBefore !== stateOf(this) ||
      before.waitingFor !== file.waitingFor ||
      before.sessionId !== file.sessionId ||
      before.cwd !== file.cwd ||
      before.name !== file.name ||
      before.messagingSocketPath !== file.messagingSocketPath
    );
  }

  #hooksSay(state: 'idle' | 'busy'): void {
    this.hookState = state;
    this.permissionTool = null;
  }
}

/** The record of a process that has just been seen for the first time; a managed session has an `id` before that. */
export function newSession(process: SessionProcess, clock: Clock, id: string = newSessionId()): Session {
  return new LiveSession(id, process, clock);
}

/** The record of a process that an earlier daemon has known, with what that one wrote down. */
export function knownSession<Known extends SessionProcess & Pick<Session, 'id'>>(known: Known, clock: Clock): Session {
  const session = Object.assign(new LiveSession(known.id, known, clock), known);
  session.supervisorDue();
  return session;
}
