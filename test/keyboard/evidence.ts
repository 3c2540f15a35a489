/** What a walk leaves behind for the verdict: every message, every place where it was seen, every look at the box. */
import type { Message } from '../../src/protocol/message.ts';
import type { From } from './steps.ts';

export interface SentMessage {
  number: number;
  id: string;
  body: string;
  from: From;
}

/** A prompt, or what stands beside one, in which a message's mark was seen. */
export interface Appearance {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  where: 'api' | 'transcript';
  text: string;
}

/** The person looked at the box, a message came, the person looked again. */
export interface BoxCheck {
  number: number;
  before: string;
  /** What was typed while the message came. */
  burst: string;
  after: string;
}

/** A permission prompt was open while a message came. */
export interface DialogCheck {
  number: number;
  stillOpen: boolean;
  /** The tool ran, or its refusal was told to the model. */
  answered: boolean;
  screen: string;
}

export interface Evidence {
  sent: SentMessage[];
  /** The daemon's word at the end. */
  messages: Message[];
  appearances: Appearance[];
  boxChecks: BoxCheck[];
  dialogChecks: DialogCheck[];
  /** Files that a message's shell command has left, and when. */
  canaries: Array<{ number: number; name: string; at: number }>;
  /** When the person pressed any key. */
  pressedAt: number[];
  /** When the person pressed a key that can bring an earlier prompt back into the box. */
  broughtBackAt: number[];
  /** What the session said of itself at the end, for the report. */
  atTheEnd: string;
}
