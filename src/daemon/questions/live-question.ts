/** One request of claude's while it is open, or while claude has not said yet whether it took the answer. */
import { createHash } from 'node:crypto';
import { askedChoices, type PermissionRequest, questionKind, suggestionText } from '../../claude/hooks/permission.ts';
import { shownInput } from '../../claude/hooks/shown-input.ts';
import { inputKey } from '../../claude/transcript/tool-fates.ts';
import { parentPid, processStartTime } from '../../process/identity.ts';
import type { AnswerPlace, Question } from '../../protocol/question.ts';
import { visibleLine } from '../../protocol/visible-text.ts';
import type { HeldHook } from '../held-hook.ts';
import type { Session } from '../sessions/session.ts';
import { nameOf } from '../sessions/session-record.ts';
import type { DialogSight } from './standing.ts';

/** The hook's process: while it lives, it comes back to the next daemon. */
export interface HookProcess {
  pid: number;
  startTime: string;
}

/** The process that says of itself that it is claude's hook; undefined when claude did not start it. */
export function hookProcess(pid: number, claudePid: number): HookProcess | undefined {
  if (!Number.isSafeInteger(pid) || pid < 1 || parentPid(pid) !== claudePid) return undefined;
  const startTime = processStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Why nobody can say more of it. */
const interruptedReason =
  'interrupted there as an answer from elsewhere came: what was asked for may have begun to run';

export interface Asked {
  session: Session;
  request: PermissionRequest;
  process: HookProcess;
  /** Claude's id of the conversation. */
  conversation: string;
}

export interface AnswerGiven {
  decision: 'allow' | 'deny' | null;
  by: string | null;
  via: AnswerPlace;
  /** What holds from now on, in words. */
  always: string | null;
}

export class LiveQuestion implements DialogSight {
  readonly session: Session;
  readonly request: PermissionRequest;
  readonly process: HookProcess;
  readonly inputKey: string;
  /** Claude's id of the conversation in which it was asked. */
  readonly conversation: string;
  readonly askedAt: number;
  readonly isAgents: boolean;
  waitingSince: number | null = null;
  /** Through which an answer goes; null when there is no way but the terminal. */
  hook: HeldHook | null = null;
  /** Hooks of equal requests of which one was answered in the terminal: nobody can tell which, so all of them get the answer. */
  readonly #equalHooks: HeldHook[] = [];
  /** When an answer from elsewhere was handed to the hook. */
  answeredAt: number | null = null;
  /** The answer ends the turn: claude writes no decision of a hook then, only that the tool was refused. */
  endsTurn = false;
  #record: Question;

  constructor(options: Asked & { askedAt: number }) {
    const { session, request, process, conversation, askedAt } = options;
    this.session = session;
    this.request = request;
    this.process = process;
    this.conversation = conversation;
    this.askedAt = askedAt;
    this.isAgents = request.agentId !== null;
    this.inputKey = inputKey(request.input);
    this.#record = {
      id: questionId(session.id, process),
      kind: questionKind(request.tool),
      session: session.id,
      name: session.alias ?? session.file?.name ?? nameOf(session),
      cwd: session.cwd,
      agent: request.agentType,
      tool: visibleLine(request.tool),
      input: request.input,
      shown: shownInput(request, session),
      choices: askedChoices(request),
      suggestions: request.suggestions.map((one) => ({ text: visibleLine(suggestionText(one)) })),
      askedAt,
      state: 'open',
      remote: false,
      endedAt: null,
      decision: null,
      by: null,
      via: null,
      always: null,
      taken: null,
      reason: null,
    };
  }

  get record(): Question {
    return this.#record;
  }

  get id(): string {
    return this.#record.id;
  }

  /** How much of it is held while it is open. */
  get heldChars(): number {
    return this.inputKey.length + this.#record.shown.length;
  }

  get isOpen(): boolean {
    return this.#record.state === 'open';
  }

  /** A tool runs once it is allowed, and claude says whose answer that was when the tool has run. All else it says at once. */
  get isSaidLate(): boolean {
    return this.isUnproven && this.#record.kind === 'permission' && this.#record.decision === 'allow';
  }

  get isUnproven(): boolean {
    return this.answeredAt !== null && this.#record.taken === null;
  }

  held(hook: HeldHook): void {
    this.hook = hook;
    this.#set({ remote: true, reason: null });
  }

  /** Nobody could tell one from the other but by their hooks. */
  isEqualTo(other: LiveQuestion): boolean {
    return this !== other && this.request.tool === other.request.tool && this.inputKey === other.inputKey;
  }

  /** Takes over the hook of an equal request that was answered in the terminal: it may be this one's. */
  takeOver(other: LiveQuestion): void {
    this.#equalHooks.push(...(other.hook ? [other.hook] : []), ...other.#equalHooks.splice(0));
    other.hook = null;
  }

  /** Hands the answer to claude. */
  handOver(reply: string): void {
    for (const hook of [this.hook, ...this.#equalHooks.splice(0)]) hook?.answer(reply);
    this.hook = null;
  }

  /** Its hook cannot carry an answer (any more). */
  inTerminalOnly(reason: string): void {
    this.hook?.dismiss();
    this.hook = null;
    this.#set({ remote: false, reason });
  }

  answered(given: AnswerGiven, at: number): void {
    this.#set({ state: 'answered', remote: false, endedAt: at, reason: null, ...given });
    if (given.via === 'terminal') this.#letGo();
  }

  withdrawn(reason: string, at: number): void {
    const why = this.isUnproven ? `${reason} before it said whose answer it took` : reason;
    this.#set({ state: 'withdrawn', remote: false, endedAt: at, reason: why });
    this.#letGo();
  }

  /** Claude has said that the answer from elsewhere counted. */
  taken(): void {
    this.#set({ taken: true });
    this.#letGo();
  }

  /** The person in the terminal was faster than the answer from elsewhere. */
  lostToTerminal(at: number): void {
    this.#answeredThere(at, { taken: false, reason: 'the terminal was first' });
  }

  /** The person in the terminal has rejected it while the answer from elsewhere allowed it: nobody can tell what was first. */
  interrupted(at: number): void {
    this.#answeredThere(at, { reason: interruptedReason });
  }

  #answeredThere(at: number, fields: Partial<Question>): void {
    this.#set({ decision: null, by: null, via: 'terminal', always: null, endedAt: at, ...fields });
    this.#letGo();
  }

  /** Claude has taken no notice of the answer: it is asked still, in the terminal. */
  notTaken(): void {
    this.answeredAt = null;
    const reason = 'claude has taken no notice of an answer from elsewhere';
    this.#set({
      state: 'open',
      taken: false,
      decision: null,
      by: null,
      via: null,
      always: null,
      endedAt: null,
      reason,
    });
  }

  #letGo(): void {
    for (const hook of [this.hook, ...this.#equalHooks.splice(0)]) hook?.dismiss();
    this.hook = null;
    // what was asked is not kept: it may be long, and it may be secret
    this.#set({ input: null, shown: '' });
  }

  #set(fields: Partial<Question>): void {
    this.#record = { ...this.#record, ...fields };
  }
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** The same for the same hook, whichever daemon it waits at. */
export function questionId(session: string, { pid, startTime }: HookProcess): string {
  const digest = createHash('sha256').update(`${session} ${pid} ${startTime}`).digest();
  return `q-${Array.from(digest.subarray(0, 6), (byte) => alphabet[byte & 31]).join('')}`;
}
