/**
 * What each hook event means for the session and its messages, and what the hook is to answer.
 * Claude waits for the answer: everything here is in memory and quick.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { resolve } from 'node:path';
import {
  additionalContextReply,
  blockReply,
  type HookPayload,
  parseHookPayload,
} from '../claude/hooks/hook-payload.ts';
import { capabilitiesOf } from '../claude/session/capabilities.ts';
import { promptWords } from '../claude/transcript/prompt-words.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import type { Clock } from '../process/clock.ts';
import { isAlive } from '../process/identity.ts';
import { markedId } from '../protocol/attribution.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Session } from './sessions/session.ts';
import type { SessionRegistry } from './sessions/session-registry.ts';

/** How long a waiting hook's session may take to be known. */
const sessionFilePatienceMs = 2000;

/** Who is asking, from the hook script's headers. */
export interface HookCaller {
  /** The hook process's parent, which is claude: our command line becomes the script. */
  parentPid: number | null;
  configDir: string;
  /** CLAUDEX_PEERS=off. */
  peersOff: boolean;
}

/** A hook's body, checked. @throws ClaudexError BAD_REQUEST */
export function hookPayload(body: unknown): HookPayload {
  const payload = parseHookPayload(body);
  if (!payload) throw new ClaudexError('BAD_REQUEST', 'That is no hook payload.');
  return payload;
}

/** Who is asking, as hooks/claudex-hook says it. */
export function hookCaller(headers: IncomingHttpHeaders, defaultConfigDir: string): HookCaller {
  const header = (name: string): string => String(headers[name] ?? '');
  return {
    parentPid: Number(header('x-claudex-ppid')) || null,
    // headers are read as Latin-1, paths are UTF-8
    configDir: Buffer.from(header('x-claude-config-dir'), 'latin1').toString('utf8') || defaultConfigDir,
    peersOff: header('x-claudex-peers').toLowerCase() === 'off',
  };
}

export class HookIntake {
  readonly #registry: SessionRegistry;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  constructor(options: { registry: SessionRegistry; dispatcher: Dispatcher; clock: Clock }) {
    this.#registry = options.registry;
    this.#dispatcher = options.dispatcher;
    this.#clock = options.clock;
  }

  /** Handles one event. @returns the hook's standard output, empty for nothing */
  handle(payload: HookPayload, caller: HookCaller): string {
    const session = this.findSession(caller);
    if (!session || !this.#isAbout(session, payload)) return '';
    session.hookHeard(caller.peersOff, payload.permissionMode, payload.event);
    // of a job, 2.1.197 first names the conversation that it goes on from
    const isForeign = session.isBackground && payload.sessionId !== session.file?.sessionId;
    if (payload.event !== 'SessionEnd' && !isForeign) {
      session.conversationIs(payload.sessionId, payload.transcriptPath);
    }
    const reply = this.#react(session, payload);
    this.#registry.touch(session);
    return reply;
  }

  /**
   * The session that a hook event comes from: that of the claude which has started the hook, and no other. Of a claude that
   * was started inside a session, nothing is that session's: neither its ancestors nor the variables it has inherited count.
   */
  findSession({ parentPid, configDir }: HookCaller): Session | undefined {
    const claude = parentPid === null ? undefined : this.#registry.sessionOf(parentPid, resolve(configDir));
    return claude === 'other' ? undefined : claude;
  }

  /** Second belt: a conversation that neither a SessionStart nor claude's own file has told of is somebody else's. */
  #isAbout(session: Session, { event, sessionId }: HookPayload): boolean {
    if (event === 'SessionStart') session.conversationAnnounced(sessionId);
    if (session.hasConversation(sessionId)) return true;
    this.#registry.readFileNow(session);
    return session.hasConversation(sessionId);
  }

  /** The same for a hook that may take its time: claude may start it a moment before its session file can be read. */
  async findSessionSoon(caller: HookCaller): Promise<Session | undefined> {
    const { parentPid } = caller;
    for (const until = this.#clock.steady() + sessionFilePatienceMs; ; ) {
      const session = this.findSession(caller);
      if (session || parentPid === null || !isAlive(parentPid) || this.#clock.steady() > until) return session;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #react(session: Session, payload: HookPayload): string {
    switch (payload.event) {
      case 'SessionStart':
        session.conversationBegan({ inTurn: payload.source === 'compact' });
        return '';
      case 'UserPromptSubmit':
        return this.#onPrompt(session, payload);
      case 'Stop':
        return this.#onStop(session, payload);
      case 'StopFailure':
        session.turnEnded(payload.hasBackgroundWork);
        this.#dispatcher.turnEnded(session, {
          promptId: payload.promptId,
          answer: null,
          failure: `API error${payload.error ? `: ${payload.error}` : ''}`,
        });
        return '';
      case 'PermissionRequest':
        session.permissionAsked(payload.toolName);
        return '';
      case 'SessionEnd':
        // the same claude goes on with another conversation
        if (payload.reason !== 'clear' && payload.reason !== 'resume') session.leaving();
        return '';
      case 'Notification':
        if (payload.notificationType === 'permission_prompt') session.permissionAsked();
        return '';
      default:
        return '';
    }
  }

  #onPrompt(session: Session, payload: HookPayload): string {
    // a prompt queued in mid-turn reports the running turn's prompt_id (measured on 2.1.330): its own is found later
    const promptId = session.hookState === 'busy' ? null : payload.promptId;
    if (session.isHeld) this.#registry.moves.returned(session, { refuted: true });
    session.promptSubmitted();
    const mark = markedId(promptWords(payload.prompt ?? ''));
    const ours = mark !== undefined && this.#dispatcher.proven(session, mark, promptId);
    session.typist?.send({ type: 'prompt-submitted', ...(ours && { mark }) });
    const text = this.#dispatcher.claimForHook(session, 'prompt-hook', payload.promptId);
    return text === undefined ? '' : additionalContextReply('UserPromptSubmit', text);
  }

  #onStop(session: Session, payload: HookPayload): string {
    session.turnEnded(payload.hasBackgroundWork);
    this.#dispatcher.turnEnded(session, { promptId: payload.promptId, answer: payload.lastAssistantMessage });
    const text = this.#dispatcher.claimForHook(session, 'stop-hook', payload.promptId);
    if (text === undefined) return '';
    session.turnContinues();
    return capabilitiesOf(session.version).stopAdditionalContext
      ? additionalContextReply('Stop', text)
      : blockReply(text);
  }
}
