/** What a session says to everybody in its chat: each turn's answer, and what it is doing. */
import { rawText } from '../../claude/transcript/fold-turns.ts';
import { promptWords } from '../../claude/transcript/prompt-words.ts';
import type { Step, Turn } from '../../claude/transcript/turn.ts';
import type { AnySession } from '../../daemon-client/every-session.ts';
import { type FollowedSession, followSession } from '../../history/follow-session.ts';
import { markedId } from '../../protocol/attribution.ts';
import type { MessageSummary } from '../../protocol/message.ts';
import type { Question } from '../../protocol/question.ts';
import type { WebEvent } from '../event-ring.ts';
import type { SessionFeed } from '../session-feed.ts';

export interface ChatWord {
  type: 'reply' | 'status' | 'error' | 'history' | 'permission_request';
  [field: string]: unknown;
}

/** What claude does, as claude-socket's clients know it. */
const statusOf: Record<string, string> = { idle: 'idle', busy: 'thinking', waiting: 'thinking', starting: 'thinking' };
const maxDetailChars = 200;

export class ChatSession {
  readonly #feed: SessionFeed;
  readonly #id: string;
  readonly #mayAnswer: boolean;
  readonly #say: (word: ChatWord) => void;
  #followed: FollowedSession | undefined;
  #status = '';
  /** The transcript is read later than the state: a tool that has ended meanwhile is not told of. */
  #isBusy = false;
  /** Claude's ids of the turns that messages have started: their answers come with the message. */
  readonly #promptIds = new Set<string>();
  readonly #replied = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #listener = (event: WebEvent): void => this.#heard(event);

  /** @param mayAnswer the client is told of what claude asks */
  constructor(feed: SessionFeed, session: AnySession, mayAnswer: boolean, say: (word: ChatWord) => void) {
    this.#feed = feed;
    this.#mayAnswer = mayAnswer;
    this.#id = session.id;
    this.#say = say;
    feed.ring.added.add(this.#listener);
    this.#took(session);
    if (mayAnswer) void this.#tellOpenQuestions();
  }

  close(): void {
    this.#feed.ring.added.remove(this.#listener);
    this.#followed?.close();
  }

  #heard({ type, data }: WebEvent): void {
    if (type === 'session') {
      const { session } = JSON.parse(data) as { session: AnySession };
      if (session.id === this.#id) this.#took(session);
    } else if (type === 'message') {
      const { message } = JSON.parse(data) as { message: MessageSummary };
      if (message.recipient.id === this.#id) void this.#tookMessage(message);
    } else if (type === 'question' && this.#mayAnswer) {
      this.#tookQuestion((JSON.parse(data) as { question: Question }).question);
    }
  }

  #took(session: AnySession): void {
    const { transcriptPath, sessionId, cwd } = session;
    if (this.#followed) this.#followed.onEvent({ type: 'session', session });
    else if (transcriptPath !== null && sessionId !== null)
      this.#follow({ sessionId, path: transcriptPath, cwd, live: session });
    const status = statusOf[session.state] ?? 'idle';
    this.#isBusy = status === 'thinking';
    // the tool that runs says more than that it is busy
    if (status !== 'thinking' || this.#status !== 'tool_use') this.#tell(status);
  }

  #follow(conversation: Parameters<typeof followSession>[0]): void {
    // what was there before is history: nobody is told of it
    let isNews = false;
    const listener = {
      onStep: (_turn: Turn, step: Step) => {
        if (!isNews || !this.#isBusy) return;
        if (step.kind === 'tool')
          this.#tell('tool_use', `${step.name} ${JSON.stringify(step.input)}`.slice(0, maxDetailChars));
      },
      onResult: () => {
        if (isNews && this.#isBusy) this.#tell('thinking');
      },
      onRest: (turn: Turn) => {
        if (isNews) this.#rested(turn);
      },
      onEnd: () => undefined,
    };
    this.#followed = followSession(conversation, listener, { last: 1, shape: rawText });
    isNews = true;
  }

  /** A turn that somebody has typed, or that claude has begun by itself; one of a message is its message's, whichever is heard of first. */
  #rested(turn: Turn): void {
    const id = markedId(promptWords(turn.prompt)) ?? turn.promptId ?? `turn-${turn.index}`;
    if (this.#promptIds.has(id) || turn.answer === '') return;
    this.#reply(id, turn.answer, turn.endedAt);
  }

  async #tellOpenQuestions(): Promise<void> {
    try {
      for (const question of await (await this.#feed.client()).questions()) this.#tookQuestion(question);
    } catch {
      // no daemon: its questions come as events when it is back
    }
  }

  /** What takes a yes or a no; a question with options is answered elsewhere. */
  #tookQuestion({ id, kind, session, state, remote, tool, shown, input }: Question): void {
    if (session !== this.#id || state !== 'open' || !remote || kind === 'question' || this.#asked.has(id)) return;
    this.#asked.add(id);
    const { description } = (input ?? {}) as { description?: unknown };
    this.#say({
      type: 'permission_request',
      session_id: this.#id,
      request_id: id,
      tool_name: tool,
      description: typeof description === 'string' ? description : `Claude wants to use ${tool}.`,
      input_preview: shown,
    });
  }

  async #tookMessage({ id, state, promptId, reason }: MessageSummary): Promise<void> {
    if (promptId !== undefined) this.#promptIds.add(promptId);
    if (['failed', 'expired', 'stuck'].includes(state)) {
      this.#say({ type: 'error', session_id: this.#id, message_id: id, message: reason ?? `The message is ${state}.` });
    }
    if (state !== 'answered') return;
    try {
      // events have the beginning only
      const { answer, history } = await (await this.#feed.client()).message(id);
      this.#reply(id, answer ?? '', new Date(history.at(-1)?.at ?? 0).toISOString());
    } catch {
      // the daemon has gone: the answer is in the history
    }
  }

  #reply(id: string, content: string, ts: string | null): void {
    if (this.#replied.has(id)) return;
    this.#replied.add(id);
    this.#say({ type: 'reply', session_id: this.#id, message_id: id, content, ts });
  }

  #tell(status: string, detail?: string): void {
    if (status === this.#status && detail === undefined) return;
    this.#status = status;
    this.#say({ type: 'status', session_id: this.#id, status, ...(detail !== undefined && { detail }) });
  }
}
