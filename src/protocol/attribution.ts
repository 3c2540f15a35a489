/** The line beside a message's body: says who speaks, and carries the mark that proves delivery. Pure. */
import { randomBytes } from 'node:crypto';
import type { Message, Sender } from './message.ts';
import { plainText, sanitiseLine } from './sanitise.ts';
import type { SessionRecord } from './session.ts';

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A new message id, `m` and fifteen characters (75 random bits). It doubles as the message's mark. */
export function newMessageId(): string {
  const bytes = randomBytes(15);
  return `m${Array.from(bytes, (byte) => alphabet[byte & 31]).join('')}`;
}

/** The text whose appearance in claude's own reports proves that the message went in. */
export function markOf(message: Pick<Message, 'id'>): string {
  return `[claudex ${message.id}`;
}

/** `[claudex m… from …]`, so that no body can start the line: no `!command`, no `/command`. */
export function attributionLine(message: Message): string {
  const reply = message.replyTo ? `, answers ${sanitiseLine(message.replyTo)}` : '';
  return `${markOf(message)} from ${message.sender.label}${reply}${howToReply(message)}]`;
}

/** A session as a sender: by its id, and by the name that the person gave it (`claudex name`), else its folder's. */
export function sessionAsSender({ id, alias, name }: Pick<SessionRecord, 'id' | 'alias' | 'name'>): Sender {
  return { kind: 'peer', label: `session ${id} (${alias ?? name})`, id };
}

/** A session can be answered; the person and a program are not told to be. */
function howToReply({ sender, kind }: Message): string {
  if (sender.id === undefined) return '';
  const answer =
    kind === 'task' ? 'it gets what you say last in this turn as your answer; to say more: ' : 'to answer: ';
  return `; ${answer}send_message (or claudex send) to ${sender.id}`;
}

/** The whole text that goes into the session. */
export function composeText(message: Message): string {
  const body = message.sender.kind === 'peer' ? message.body.replace(outsidePaths, '$& ') : message.body;
  return `${attributionLine(message)}\n${body}`;
}

/**
 * The whole text as it is typed for the person: their own words first, so that claude's lists of conversations show them, and our
 * line last. It comes first where a body could begin a command, and for whoever else may be typed. Claude makes four spaces of a
 * tab in a paste, so the line says where the text stands as it was.
 */
export function typedText(message: Message): string {
  const { body, sender, id } = message;
  if (sender.kind !== 'user') return composeText(message);
  const tabs = body.includes('\t') ? `; its tabs came as spaces, as it was: claudex inbox read ${id}` : '';
  const line = `${attributionLine(message).slice(0, -1)}${tabs}]`;
  return /^[\p{L}\p{N}]/u.test(body) ? `${body}\n${line}` : `${line}\n${body}`;
}

/**
 * Claude reads the file after an `@` into the prompt, without asking (2.1.197: by wake too). A peer gets none from outside
 * the project that way: a space after the `@` takes the meaning away.
 */
const outsidePaths = /(?<=^|\s)@(?="?(?:[/~]|[^\s"]*\.\.))/gu;

/** What stands in for a message that its route cannot carry whole: never a silent half. */
export function pointerText(message: Message): string {
  return `${attributionLine(message)}\nThis message is too long for this way in. Read it whole by running: claudex inbox read ${message.id}`;
}

/** Several messages as one text of at most `maxChars` characters; the longest become pointers until it fits. */
export function composeTexts(messages: readonly Message[], maxChars: number): string {
  const texts = messages.map(composeText);
  const longestFirst = messages.map((_, index) => index).sort((a, b) => texts[b]!.length - texts[a]!.length);
  for (const index of longestFirst) {
    if (texts.join('\n\n').length <= maxChars) break;
    const pointer = pointerText(messages[index]!);
    if (pointer.length < texts[index]!.length) texts[index] = pointer;
  }
  return texts.join('\n\n');
}

/**
 * The id in the attribution line that is the first or the last line of a prompt's words. A line between them may be a body's own, or
 * quoted by the person. What a person's keys have put before it in that line changes nothing.
 */
export function markedId(words: string): string | undefined {
  const { first, last } = outerLines(words);
  return (attribution.exec(first) ?? attribution.exec(last))?.[1];
}

/** True when the attribution line with `mark` is the first or the last line of a prompt's words. */
export function isMarkedBy(words: string, mark: string): boolean {
  const { first, last } = outerLines(words);
  return first.includes(mark) || last.includes(mark);
}

const attribution = /\[claudex (m[a-km-np-z2-9]{15}) from /;

function outerLines(words: string): { first: string; last: string } {
  const text = words.trim();
  const firstEnd = text.indexOf('\n');
  return { first: firstEnd < 0 ? text : text.slice(0, firstEnd), last: text.slice(text.lastIndexOf('\n') + 1) };
}

/** True when `text` is messages of ours, one below the other, and the one with `mark` is among them. */
export function isAmongMessages(text: string, mark: string): boolean {
  return text.startsWith('[claudex m') && `\n${text}`.includes(`\n${mark}`);
}

/**
 * True for a text that may be typed into a session as that message: it says whose it is, no byte of it is a key (Tab and newline
 * are none in a paste), and it begins no command of claude's. A daemon of ours types nothing else.
 */
export function isTypeable(text: string, messageId: string): boolean {
  return text.includes(`[claudex ${messageId} from `) && plainText(text) === text && !/^\s*[/!#@]/.test(text);
}

/** A prompt's own words: without the line that says whose they are. */
export function withoutAttribution(prompt: string): string {
  return prompt.replace(/\[claudex m[a-km-np-z2-9]{15} from [^\]\n]*\]\s*/, '').trim();
}
