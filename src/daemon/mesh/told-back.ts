/**
 * What is to be told to other machines about their messages here. In memory: what is lost with the daemon, the other machine asks for.
 * Each time it is what stands in the mailbox at that moment that is told.
 */
import { randomUUID } from 'node:crypto';
import { Signal } from '../../process/signal.ts';
import { maxMailedAnswerBytes, type OutgoingMail, type StateWord } from '../../protocol/machine-mail.ts';
import { isFinal, type Message } from '../../protocol/message.ts';

/** One piece of mail holds so much, about: a single answer may be larger. */
const fullBytes = 256 << 10;
const mostWords = 200;
/** The server has refused a piece: the other machine is told no more for so long, and then everything together. */
const blockedMs = 5000;

export interface ToldBackOptions {
  get: (id: string) => Message | undefined;
  /** What a message waits for now, in words. */
  waitsFor: (message: Message) => string | undefined;
}

export class ToldBack {
  /** There is something to tell. */
  readonly ready = new Signal<void>();
  readonly #options: ToldBackOptions;
  /** By machine and message; the word itself where it is about none that is known here. */
  readonly #due = new Map<string, Map<string, StateWord | undefined>>();
  /** Machines that the server takes nothing for just now. */
  readonly #blocked = new Map<string, NodeJS.Timeout>();
  /** Handed over, by key. */
  readonly #out = new Map<string, { line: string; to: string; words: StateWord[] }>();

  constructor(options: ToldBackOptions) {
    this.#options = options;
  }

  /** Something about a message of another machine has changed. */
  changed({ id, sender: { machine } }: Message): void {
    if (machine !== undefined) this.tell(machine, id);
  }

  tell(machine: string, id: string, word?: StateWord): void {
    const due = this.#due.get(machine) ?? new Map<string, StateWord | undefined>();
    this.#due.set(machine, due);
    due.set(id, word);
    this.ready.emit();
  }

  /** What is to go out now, some of it. */
  take(line: string): OutgoingMail[] {
    for (const [key, { line: other }] of [...this.#out]) if (other !== line) this.#isDueAgain(key);
    const mails: OutgoingMail[] = [];
    for (const [to, due] of this.#due) {
      if (this.#blocked.has(to)) continue;
      const words: StateWord[] = [];
      let bytes = 0;
      for (const [id, known] of due) {
        if (words.length >= mostWords || bytes > fullBytes) break;
        due.delete(id);
        const word = known ?? this.#wordOf(id, to);
        if (!word) continue;
        words.push(word);
        bytes += 200 + ('answer' in word ? Buffer.byteLength(word.answer ?? '') : 0);
      }
      if (due.size === 0) this.#due.delete(to);
      if (words.length === 0) continue;
      const key = randomUUID();
      this.#out.set(key, { line, to, words });
      mails.push({ key, to, kind: 'states', body: { words } });
    }
    return mails;
  }

  /** What has become of pieces that were handed over; what is not one of them is somebody else's. */
  done(key: string, error: string | undefined): void {
    const to = this.#out.get(key)?.to;
    if (to === undefined) return;
    if (error === undefined) {
      this.#out.delete(key);
      return;
    }
    this.#isDueAgain(key);
    if (this.#blocked.has(to)) return;
    const again = (): void => {
      this.#blocked.delete(to);
      this.ready.emit();
    };
    this.#blocked.set(to, setTimeout(again, blockedMs));
  }

  close(): void {
    for (const timer of this.#blocked.values()) clearTimeout(timer);
  }

  #isDueAgain(key: string): void {
    const out = this.#out.get(key);
    this.#out.delete(key);
    for (const word of out?.words ?? []) {
      const due = this.#due.get(out!.to) ?? new Map<string, StateWord | undefined>();
      this.#due.set(out!.to, due);
      if (!due.has(word.id)) due.set(word.id, 'rev' in word ? undefined : word);
    }
  }

  #wordOf(id: string, machine: string): StateWord | undefined {
    const message = this.#options.get(id);
    if (message?.sender.machine !== machine) return { id, unknown: true };
    const { state, route, rev = 1, recipient, answer } = message;
    const reason = this.#options.waitsFor(message) ?? message.reason;
    return {
      id,
      rev,
      state,
      ...(route !== undefined && { route }),
      ...(reason !== undefined && { reason }),
      ...(answer !== undefined && isFinal(state) && { answer: bounded(answer, id, machine) }),
      recipient: { name: recipient.name, cwd: recipient.cwd },
    };
  }
}

function bounded(answer: string, id: string, machine: string): string {
  if (Buffer.byteLength(JSON.stringify(answer)) <= maxMailedAnswerBytes) return answer;
  const note = `\n\n[claudex: cut here on its way to ${machine}; whole on the machine it comes from: claudex inbox show ${id}]`;
  // no unit of a text takes more than six bytes as JSON
  return answer.slice(0, Math.floor(maxMailedAnswerBytes / 6)).toWellFormed() + note;
}
