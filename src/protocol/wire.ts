/** The words that cross the daemon's socket. Bodies are JSON; streams are one JSON object a line (NDJSON). */
import type { ManagedRecord } from './managed.ts';
import type { Message, MessageKind, MessageSummary, Recipient, Route, Sender } from './message.ts';
import type { Question } from './question.ts';
import type { SessionRecord, StartQuestion } from './session.ts';

/** `POST /v1/messages` */
export interface SendRequest {
  /** id, name, folder basename or absolute path (relative paths are resolved by the client). */
  target: string;
  body: string;
  kind: MessageKind;
  when: 'idle' | 'now';
  sender: Sender;
  /** The processes that speak, and claude's config folder there: what runs below a claude speaks as that session. */
  caller?: { pids: number[]; configDir: string };
  route?: Route;
  replyTo?: string;
  key?: string;
  notBefore?: number;
  /** Instead of `notBefore`: so long from now. */
  delayMs?: number;
  expiresAt?: number;
  /** Accept it even if no live session is in that folder yet. */
  hold?: boolean;
}

/** The same to several targets: one message each, or none at all. */
export type SendManyRequest = Omit<SendRequest, 'target'> & {
  targets: string[];
  /** These are all that live: who is being stopped is left out. */
  all?: boolean;
};

/** `GET /v1/messages/:id` */
export type ShownMessage = Message & {
  /** What it waits for at this moment, in words. Absent when it does not wait. */
  waitsFor?: string;
};

/** `GET /v1/messages`: one of many, its texts cut short. */
export type ListedMessage = MessageSummary & ShownMessage;

/** The daemon's answer to a send: the message is on disk. */
export interface SendReply {
  id: string;
  target: Recipient;
  state: Message['state'];
  /** The route already chosen, or null while it waits. */
  route: Route | null;
  /** True when `key` had been used before and this is the first one's id. */
  repeated: boolean;
  /** The message that this one answers: as asked for, or found from the sender's turn. */
  replyTo: string | null;
}

/** `POST /v1/sessions/:id/drain`: what that session is handed now, and how many more wait for it. */
export interface DrainReply {
  messages: Message[];
  remaining: number;
}

/** `POST /v1/supervisors`: one long response, a SupervisorCommand a line, for as long as the supervisor lives. */
export interface SupervisorHello {
  /** The claude process. */
  pid: number;
  startTime: string;
  /** The supervisor itself: while it is stopped, what it was given is not lost. */
  supervisorPid: number;
  cwd: string;
  configDir: string;
  /** The permission mode that claude was started in, where its command line or its settings say. */
  permissionMode?: string;
}

/** Daemon → supervisor. */
export type SupervisorCommand =
  | { type: 'welcome'; id: string; daemonVersion: string }
  /** Type this message if the gate is open; the answer is a LeaseReport. */
  | {
      type: 'paste';
      messageId: string;
      /** Which lease of the message this is; comes back with the report. */
      lease: number;
      text: string;
      mark: string;
      /** Not to be begun later than this, by the steady clock. */
      deadlineSteadyMs: number;
    }
  /** Say, by a GateReport, when nobody types there and no draft stands there; at once if that is so now. */
  | { type: 'look-at-gate' }
  /** Claude has reported a submitted prompt (hook). `mark` when it was one of ours. */
  | { type: 'prompt-submitted'; mark?: string }
  /** Do this; a SupervisorAnswer with the same number says that it is done. */
  | { type: 'asked'; request: number; what: SupervisorRequest; socket: string }
  /** The daemon goes away. `replaced`: somebody else brings up the next one. */
  | { type: 'bye'; reason: 'stopped' | 'replaced' };

/** `take-viewers`: listen on that socket, which a host of this session would have. `hand-over`: give claude to a host, and end. */
export type SupervisorRequest = 'take-viewers' | 'hand-over';

/** `POST /v1/supervisors/:id/answer`: it is done, or why not. */
export interface SupervisorAnswer {
  request: number;
  failure?: { code: string; facts: string };
}

/**
 * `POST /v1/supervisors/:id/lease`: what became of a paste. `typed` comes again for as long as the text may stand there; `isLeft`
 * says that it can be neither submitted nor taken out now, because a dialog or text of the person's came up with it.
 */
export type LeaseReport = { messageId: string; lease?: number } & (
  | { outcome: 'refused'; reason: GateReason }
  | { outcome: 'typed'; isLeft?: boolean }
);

/** `POST /v1/supervisors/:id/gate`: sent when a gate that had refused opens again. */
export interface GateReport {
  open: boolean;
}

/** `POST /v1/supervisors/:id/question`: what claude asks at its start, as its host sees on the screen; null when it asks nothing. */
export interface QuestionReport {
  question: StartQuestion | null;
}

/** `POST /v1/supervisors/:id/viewers`: how many look at it, its own terminal not among them. */
export interface ViewersReport {
  count: number;
}

/** Why a message was not typed, or is out of the prompt box again. */
export const gateReasons = [
  'not-idle',
  'unknown-state',
  'typing',
  /** Something stands in the box, or waits behind it; or it came up beside our text, which was taken out again. */
  'draft',
  /** No prompt box is seen at its place. */
  'unknown-box',
  'suspended',
  'busy-lane',
  /** The box never showed what was typed. */
  'not-shown',
  /** Enter does not submit: keybindings.json says so, or it was tried, and the text was taken out again. */
  'no-submit',
  /** It left the box, and claude has not said that it has it. The only one of these after which it may have arrived. */
  'unproven',
  /** It says not whose it is, or holds bytes that would be keys. */
  'not-plain',
] as const;

export type GateReason = (typeof gateReasons)[number];

/** `GET /v1/status` */
export interface DaemonStatus {
  version: string;
  pid: number;
  uptimeMs: number;
  sessions: number;
  pending: number;
  /** Messages of which nobody knows whether they went in, with the reason. */
  stuck: Array<{ id: string; recipient: string; reason: string }>;
  /** Sessions whose hooks have never reported, though they should have. */
  silent: Array<{ id: string; cwd: string }>;
  /** In how long the daemon ends by itself when nobody needs it meanwhile; null while a session, a message or a viewer does. */
  endsInMs: number | null;
}

/** `GET /v1/events`: one a line. */
export type DaemonEvent =
  | { type: 'session'; session: SessionRecord }
  | { type: 'message'; message: Message }
  /** Claude asks something, or what it asked was answered, withdrawn, or taken. */
  | { type: 'question'; question: Question }
  | { type: 'managed'; managed: ManagedRecord }
  | { type: 'managed-forgotten'; id: string }
  | { type: 'hello' };

/** Body of every non-2xx answer. */
export interface ErrorBody {
  error: { code: string; message: string; facts: string; fix: string };
}
