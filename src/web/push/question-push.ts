/** Tells devices of what sessions ask, by their push services: also a phone whose browser is closed. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Question } from '../../protocol/question.ts';
import type { Settings } from '../../settings/definitions.ts';
import type { EventRing } from '../event-ring.ts';
import type { PushMessage, PushOutcome } from '../push-service.ts';
import type { PushSubscription, PushSubscriptions } from './push-subscriptions.ts';
import type { VapidKeys } from './vapid-keys.ts';

export interface QuestionPushOptions {
  ring: EventRing;
  /** What is asked at this moment. */
  questions: () => Promise<Question[]>;
  subscriptions: PushSubscriptions;
  keys: () => VapidKeys;
  settings: Pick<Settings, 'web.push' | 'web.pushAfterMs' | 'web.pushContact' | 'web.pushPrivate'>;
  send: (message: PushMessage) => Promise<PushOutcome>;
  log: (event: string, fields: Record<string, string | number>) => void;
  /** Milliseconds to wait before each further try. */
  againAfterMs?: readonly number[];
}

/** What a service worker is given (src/web/page/service-worker.ts). */
export interface PushText {
  title: string;
  body: string;
  /** A notification with the same tag takes the place of an older one. */
  tag: string;
  /** The part of the page that a press opens. */
  hash: string;
}

/** Push services want an address whose domain exists: Apple's refuses the rest, as web-push says in its README. */
const defaultContact = 'https://example.com/claudex';
const defaultAgainAfterMs = [2000, 15_000, 60_000];
/** A push holds 3,993 bytes; a character may take three of them. */
const maxBodyLength = 1000;

export class QuestionPush {
  readonly #options: QuestionPushOptions;
  /** Questions that are open, each with what ends the wait before it is told of. */
  readonly #open = new Map<string, { timer: NodeJS.Timeout | undefined }>();
  readonly #contact: string;
  #isClosed = false;

  /** @throws ClaudexError BAD_SETTING for a contact that push services take nothing of */
  constructor(options: QuestionPushOptions) {
    this.#options = options;
    this.#contact = options.settings['web.pushContact'] ?? defaultContact;
    if (!/^mailto:[^@\s]+@\S+$/.test(this.#contact) && !/^https:\/\/\S/.test(this.#contact))
      throw new ClaudexError('BAD_SETTING', `web.pushContact takes mailto:… or https://…, not "${this.#contact}".`);
    if (options.settings['web.push'] === 'off') return;
    options.ring.added.add(({ type, data }) => {
      if (type === 'question') this.#took((JSON.parse(data) as { question: Question }).question);
      // what was asked while nobody listened
      else if (type === 'daemon' && data.includes('"up"')) void this.#readAll();
    });
  }

  /** The first message to a device: whether its push service takes any is seen at once. */
  welcome(subscription: PushSubscription): Promise<PushOutcome> {
    const body = 'This device is told when a session asks something.';
    return this.#send(subscription, { title: 'claudex', body, tag: 'claudex-welcome', hash: '#/' });
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }

  async #readAll(): Promise<void> {
    try {
      const all = await this.#options.questions();
      const open = new Set(all.map(({ id }) => id));
      for (const id of this.#open.keys()) if (!open.has(id)) this.#over(id);
      for (const one of all) this.#took(one);
    } catch {
      // the daemon is away again, and is read when it is back
    }
  }

  #took(question: Question): void {
    if (question.state !== 'open') this.#over(question.id);
    if (question.state !== 'open' || this.#isClosed || this.#open.has(question.id)) return;
    // whoever sits in front of it has answered by then
    const timer = setTimeout(() => this.#tell(question), this.#options.settings['web.pushAfterMs']).unref();
    this.#open.set(question.id, { timer });
  }

  #over(id: string): void {
    clearTimeout(this.#open.get(id)?.timer);
    this.#open.delete(id);
  }

  #tell(question: Question): void {
    const text = pushText(question, this.#options.settings['web.push'] === 'full');
    for (const { device } of this.#options.subscriptions.list()) void this.#deliver(device, text, 0);
  }

  async #deliver(device: string, text: PushText, tries: number): Promise<void> {
    const { subscriptions, log, againAfterMs = defaultAgainAfterMs } = this.#options;
    const subscription = subscriptions.list().find((one) => one.device === device);
    if (!subscription || !this.#open.has(text.tag)) return;
    const outcome = await this.#send(subscription, text).catch(
      (error: unknown): PushOutcome => ({ kind: 'unreachable', why: String(error) }),
    );
    // of the address no more than the host: the rest of it is a secret
    const facts = { device, service: new URL(subscription.endpoint).host, question: text.tag };
    if (outcome.kind === 'sent') return log('pushed', facts);
    if (outcome.kind === 'gone') {
      subscriptions.drop(device);
      return log('push-subscription-gone', facts);
    }
    log('push-failed', { ...facts, why: whyNot(outcome) });
    const waitMs = againAfterMs[tries];
    if (waitMs !== undefined) setTimeout(() => void this.#deliver(device, text, tries + 1), waitMs).unref();
  }

  #send(subscription: PushSubscription, text: PushText): Promise<PushOutcome> {
    const { send, keys, settings } = this.#options;
    return send({
      subscription,
      payload: JSON.stringify(text),
      topic: text.tag,
      keys: keys(),
      contact: this.#contact,
      mayBeInner: settings['web.pushPrivate'],
    });
  }
}

/** Why a push service has not taken a message, in words. */
export function whyNot(outcome: PushOutcome): string {
  if (outcome.kind === 'unreachable') return outcome.why;
  return outcome.kind === 'refused' ? `it said ${outcome.status}` : 'it does not know the subscription';
}

/** What a notification says. Without `withDetails` no more than who asks, and for what tool. */
export function pushText(question: Question, withDetails: boolean): PushText {
  const { id, kind, name, session, tool, shown, choices } = question;
  const brief = { permission: `May it use ${tool}?`, plan: 'A plan to approve', question: 'A question' }[kind];
  const asked = choices.map((one) => one.question).join(' ');
  const full = { permission: `${tool}: ${shown}`, plan: shown, question: asked }[kind];
  return {
    title: `${name.slice(0, 100)} asks`,
    body: withDetails && full !== '' ? full.slice(0, maxBodyLength) : brief,
    tag: id,
    hash: `#/session/${session}/terminal`,
  };
}
