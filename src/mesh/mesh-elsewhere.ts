/** Another machine of the mesh, for commands: what they ask of it, page by page, checked and harmless to a terminal. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStream } from '../daemon-client/client.ts';
import type { Elsewhere } from '../daemon-client/elsewhere.ts';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { elsewhereOver } from '../far/elsewhere-over.ts';
import type { FarRequest, FarRequests } from '../far/far-requests.ts';
import { systemClock } from '../process/clock.ts';
import type { DaemonEvent } from '../protocol/wire.ts';
import { type Ask, readReply } from './asks/ask.ts';
import { askBridge } from './asks/ask-bridge.ts';
import { type Body, checkedBody, shapeOf } from './asks/reply-shapes.ts';

/** With some 300 KiB each, more than anybody reads. */
const maxPages = 64;
/** How often a machine is asked for what is new there: nothing is told across by itself. */
const lookEveryMs = 1000;

/** Nothing is asked of it yet. */
export function meshElsewhere(env: NodeJS.ProcessEnv, name: string): Elsewhere {
  return {
    ...elsewhereOver(name, new MeshApi((ask) => askBridge(env, name, ask), name)),
    connectViewer: () => Promise.reject(new ClaudexError('NOT_FROM_AFAR', 'No terminal goes over the mesh.')),
  };
}

/** @param carry brings a question to the machine and its answer back, neither of them checked */
export class MeshApi implements FarRequests {
  readonly #carry: (ask: Ask) => Promise<unknown>;
  readonly #name: string;

  constructor(carry: (ask: Ask) => Promise<unknown>, name: string) {
    this.#carry = carry;
    this.#name = name;
  }

  async ask<T>(method: string, path: string, { body, headers = {} }: FarRequest = {}): Promise<T> {
    const shape = shapeOf(method, new URL(path, 'http://machine').pathname);
    const key = headers['idempotency-key'];
    const first = { method: method as Ask['method'], ...(body !== undefined && { body }), ...(key && { key }) };
    let whole: Body | undefined;
    let next: string | undefined = path;
    for (let pages = 0; next !== undefined && pages < maxPages; pages++) {
      const reply = this.#read(await this.#carry({ ...first, path: next }));
      const page = byThisClock(checkedBody(shape, reply.body));
      whole = whole === undefined ? page : joined(whole, page, shape.list, shape.isBackwards === true);
      next = shape.list === undefined || (page[shape.list] as unknown[]).length === 0 ? undefined : reply.next;
    }
    return whole as T;
  }

  /** An error of that machine says whose it is. */
  #read(reply: unknown): ReturnType<typeof readReply> {
    try {
      return readReply(reply);
    } catch (error) {
      const { code, facts } = toClaudexError(error);
      throw new ClaudexError(
        code,
        facts.includes(this.#name) ? facts : `On ${this.#name}: ${facts || 'no more is said'}`,
      );
    }
  }

  /** Looks again and again, and tells what has changed. */
  events(): Promise<EventStream<DaemonEvent>> {
    let isClosed = false;
    const look = (): Promise<DaemonEvent[]> => this.#look();
    async function* all(): AsyncGenerator<DaemonEvent> {
      yield { type: 'hello' };
      const known = new Map<string, string>();
      for (let isFirst = true; !isClosed; isFirst = false) {
        for (const event of await look()) {
          const text = JSON.stringify(event);
          const key = event.type === 'question' ? event.question.id : event.type === 'session' ? event.session.id : '';
          if (known.get(key) === text) continue;
          known.set(key, text);
          if (!isFirst) yield event;
        }
        await delay(lookEveryMs);
      }
    }
    const close = (): void => {
      isClosed = true;
    };
    return Promise.resolve({ [Symbol.asyncIterator]: all, close });
  }

  async #look(): Promise<DaemonEvent[]> {
    const { questions } = await this.ask<{ questions: never[] }>('GET', '/questions?ended=true');
    return questions.map((question) => ({ type: 'question', question }));
  }
}

/** When something was asked, by this machine's time of day: how long ago that was decides whether somebody can have read it. */
function byThisClock(page: Body): Body {
  const { now, questions } = page as { now?: number; questions?: Array<{ askedAt: number }> };
  if (now === undefined || questions === undefined) return page;
  const ahead = systemClock.timeOfDay() - now;
  return { ...page, questions: questions.map((one) => ({ ...one, askedAt: one.askedAt + ahead })) };
}

function joined(whole: Body, page: Body, list: string | undefined, isBackwards: boolean): Body {
  if (list === undefined) return whole;
  const [known, more] = [whole[list] as unknown[], page[list] as unknown[]];
  return { ...whole, [list]: isBackwards ? [...more, ...known] : [...known, ...more] };
}
