/**
 * Reads on in the transcripts of sessions where they alone can tell what has become of a request: claude has not said yet whether it took an
 * answer from elsewhere, or several are asked and one of them was answered in the terminal.
 */
import { transcriptSize } from '../../claude/transcript/marks.ts';
import { subagentTranscript } from '../../claude/transcript/subagent-files.ts';
import { ToolFates } from '../../claude/transcript/tool-fates.ts';
import { guarded } from '../../process/guard.ts';
import type { Session } from '../sessions/session.ts';
import type { LiveQuestion } from './live-question.ts';
import { type Fate, matchFates } from './match.ts';

/** A transcript is looked at this often, while it is watched closely. */
const lookMs = 100;
/** After so many looks in a row only what the session tells of itself makes us look again: its tool takes long. */
const closeLooks = 100;

interface Watched {
  questions: LiveQuestion[];
  fates: Map<string, ToolFates>;
  looks: number;
  isNeeded: boolean;
  /** Calls that have told of a request already. */
  told: Set<string>;
}

export class FateWatch {
  readonly #bySession = new Map<string, Watched>();
  readonly #onFate: (question: LiveQuestion, fate: Fate) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onFate: (question: LiveQuestion, fate: Fate) => void) {
    this.#onFate = onFate;
  }

  /** What is asked in that session now. Watches its transcripts, or stops to. */
  watch(session: Session, questions: LiveQuestion[]): void {
    const isNeeded = questions.length > 1 || questions.some((one) => one.isUnproven);
    const known = this.#bySession.get(session.id);
    if (questions.length === 0) this.#bySession.delete(session.id);
    else if (known) {
      if (isNeeded && (!known.isNeeded || questions.some((one) => !known.questions.includes(one)))) known.looks = 0;
      known.questions = questions;
      known.isNeeded = isNeeded;
    } else if (isNeeded) {
      this.#bySession.set(session.id, { questions, fates: new Map(), looks: 0, isNeeded, told: new Set() });
    }
    this.#arm();
  }

  /** Looks at once. `isAfresh`: at all of the transcript's end again, for what reading on has not found. */
  look(session: Session, { isAfresh = false } = {}): void {
    const watched = this.#bySession.get(session.id);
    if (isAfresh) watched?.fates.clear();
    if (watched?.isNeeded) this.#read(watched);
  }

  close(): void {
    this.#bySession.clear();
    this.#arm();
  }

  #arm(): void {
    const isNeeded = [...this.#bySession.values()].some(isWatchedClosely);
    if (isNeeded) {
      this.#timer ??= setInterval(() => {
        for (const watched of [...this.#bySession.values()]) {
          if (isWatchedClosely(watched)) guarded('questions', () => this.#read(watched));
          watched.looks++;
        }
        this.#arm();
      }, lookMs);
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #read(watched: Watched): void {
    const byPath = new Map<string, LiveQuestion[]>();
    for (const question of watched.questions) {
      const path = transcriptOf(question);
      if (path !== undefined) byPath.set(path, [...(byPath.get(path) ?? []), question]);
    }
    for (const [path, questions] of byPath) {
      const fates = watched.fates.get(path) ?? new ToolFates(path);
      watched.fates.set(path, fates);
      const requests = questions.map(({ id, request, inputKey, askedAt, isUnproven, record }) => {
        const { tool, agentId } = request;
        return { id, tool, inputKey, askedAt, isUnproven, decision: record.decision, isAgents: agentId !== null };
      });
      const news = fates.look(transcriptSize).filter(({ toolUseId }) => !watched.told.has(toolUseId));
      for (const { id, fate, toolUseId } of matchFates(requests, news)) {
        watched.told.add(toolUseId);
        this.#onFate(questions.find((one) => one.id === id)!, fate);
      }
    }
  }
}

function isWatchedClosely({ isNeeded, looks }: Watched): boolean {
  return isNeeded && looks < closeLooks;
}

function transcriptOf({ session, request }: LiveQuestion): string | undefined {
  if (session.transcriptPath === null) return undefined;
  if (request.agentId === null) return session.transcriptPath;
  return subagentTranscript(session.transcriptPath, request.agentId);
}
