/** What claude asks of a person: a permission, a question with options, a plan to approve. */

/** `permission`: may a tool run. `question`: AskUserQuestion. `plan`: ExitPlanMode. */
export type QuestionKind = 'permission' | 'question' | 'plan';

/** Where an answer was given; `mesh`: on another machine. */
export const answerPlaces = ['terminal', 'command', 'board', 'web', 'mesh'] as const;

export type AnswerPlace = (typeof answerPlaces)[number];

/** One of claude's own offers for "always": what it would change, in words. Its number is its place in the list, from 1. */
export interface AlwaysOffer {
  text: string;
}

/** One question of AskUserQuestion. */
export interface AskedChoice {
  question: string;
  header: string;
  multiSelect: boolean;
  options: Array<{ label: string; description: string }>;
}

/** One request of claude's, as `GET /v1/questions` shows it. Times are milliseconds since the epoch. */
export interface Question {
  /** `q-` and six characters; the same for as long as its dialog is open, also after a restart of the daemon. */
  id: string;
  kind: QuestionKind;
  /** Our id of the session, and what it is called. */
  session: string;
  name: string;
  cwd: string;
  /** The kind of subagent that asks; null for the session itself. */
  agent: string | null;
  tool: string;
  /** The tool's input, as claude tells it. Null once the request is no longer open. */
  input: unknown;
  /** What would run, whole, with every character that a terminal would hide or act on made visible. Empty once it is no longer open. */
  shown: string;
  /** For `question`: what is asked, in order. */
  choices: AskedChoice[];
  suggestions: AlwaysOffer[];
  askedAt: number;
  state: 'open' | 'answered' | 'withdrawn';
  /** An answer from elsewhere can still reach it. An open one without it can be answered in its terminal only. */
  remote: boolean;
  endedAt: number | null;
  decision: 'allow' | 'deny' | null;
  /** Who answered, in words. */
  by: string | null;
  via: AnswerPlace | null;
  /** What was allowed for the time to come, in words. */
  always: string | null;
  /** Of an answer from elsewhere: claude has taken it (true), has not (false), has not said so yet (null). */
  taken: boolean | null;
  /** Why it was withdrawn, or why it can be answered in its terminal only. */
  reason: string | null;
}

/** `POST /v1/questions/:id/answer` */
export type AnswerRequest = {
  via: Exclude<AnswerPlace, 'terminal'>;
  /** Who answers, in words; it goes into the log. */
  by: string;
} & Answer;

export type Answer =
  | {
      decision: 'allow';
      /** Which of the suggestions is to hold from now on, from 1. */
      always?: number;
    }
  | {
      decision: 'deny';
      /** What claude is told. */
      message?: string;
      /** End the turn, too. */
      stop?: boolean;
    }
  | {
      decision: 'answer';
      /** One for each question, in order: a text of one's own, or the labels that were chosen. */
      answers: Array<string | string[]>;
    };
