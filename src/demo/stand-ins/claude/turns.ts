/** The turns of the stand-in for claude: what becomes of a prompt, one after the other. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hooks } from './hooks.ts';
import { type Behaviour, ruleFor, type Scenario, type TurnRule } from './scenario.ts';
import type { Screen } from './screen.ts';
import type { SessionOnDisk } from './session-on-disk.ts';

/** Who a prompt is from: the keys, a hook that woke the session, another session. */
export type PromptSource = 'typed' | 'system' | 'peer';

interface Queued {
  prompt: string;
  source: PromptSource;
  /** What the hooks have said of it already. */
  reported: ReturnType<Hooks['fire']> | undefined;
}

/** Claude ends a turn that hooks have continued so often. */
const maxStopBlocks = 8;

const originOf = { typed: 'human', system: 'task-notification', peer: 'peer' } as const;

export interface TurnsOptions {
  scenario: Scenario;
  behaviour: Behaviour;
  session: SessionOnDisk;
  hooks: Hooks;
  screen: Screen;
  /** `/exit` was submitted. */
  exit: () => void;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #queue: Queued[] = [];
  #isBusy = false;
  #interrupt: AbortController | undefined;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** A turn runs, and can be interrupted. */
  get isRunning(): boolean {
    return this.#interrupt !== undefined;
  }

  interrupt(): void {
    this.#interrupt?.abort();
  }

  submit(prompt: string, source: PromptSource): void {
    const { behaviour, session, hooks, screen } = this.#options;
    if (prompt.trim() === '') return;
    if (!this.#isBusy) {
      void this.#take({ prompt, source, reported: undefined });
      return;
    }
    if (source !== 'system') session.record({ type: 'queue-operation', operation: 'enqueue', content: prompt });
    const isReported = behaviour.reportsQueuedPrompts && source !== 'system';
    this.#queue.push({ prompt, source, reported: isReported ? hooks.fire('UserPromptSubmit', { prompt }) : undefined });
    screen.draw();
  }

  closeDialog(): void {
    const { screen, session } = this.#options;
    screen.hasDialog = false;
    session.setStatus('idle');
    screen.draw('  ⎿  Kept model');
  }

  /** Runs that prompt, and all that has been queued behind it. */
  async #take(first: Queued): Promise<void> {
    const { screen, session, exit } = this.#options;
    for (let next: Queued | undefined = first; next; next = this.#queue.shift()) {
      if (next !== first) session.record({ type: 'queue-operation', operation: 'dequeue' });
      const command = next.source === 'typed' ? next.prompt.trim() : '';
      if (command === '/exit' || command === '/quit') return exit();
      if (command === '/model') {
        screen.hasDialog = true;
        session.setStatus('waiting', 'dialog open');
        screen.draw('❯ /model');
        return;
      }
      this.#isBusy = true;
      if (command === '/clear') await this.#clear();
      else await this.#run(next);
      this.#isBusy = false;
    }
    session.setStatus('idle');
    screen.draw();
    void this.refreshBadge();
  }

  async #clear(): Promise<void> {
    const { session, hooks, screen } = this.#options;
    session.setStatus('busy');
    await hooks.fire('SessionEnd', { reason: 'clear' });
    session.begin();
    session.setStatus('busy');
    await hooks.fire('SessionStart', { source: 'clear', model: 'stand-in' });
    screen.draw('❯ /clear');
  }

  async #run({ prompt, source, reported }: Queued): Promise<void> {
    const { scenario, session, hooks, screen } = this.#options;
    const interrupt = new AbortController();
    this.#interrupt = interrupt;
    session.promptId = randomUUID();
    session.setStatus('busy');
    screen.draw(`❯ ${prompt.replaceAll('\n', '\n  ')}`, '');
    const submitted = await (reported ?? hooks.fire('UserPromptSubmit', { prompt }));
    if (submitted.reasons.length === 0) {
      const { promptId } = session;
      const origin = { kind: originOf[source] };
      session.record({
        type: 'user',
        promptId,
        message: { role: 'user', content: prompt },
        origin,
        promptSource: source,
      });
      session.recordContexts(submitted.contexts, 'UserPromptSubmit');
      await this.#answer([prompt, ...submitted.contexts].join('\n'), ruleFor(scenario, prompt), interrupt.signal);
    }
    this.#interrupt = undefined;
    // Esc fires no hook; the prompt comes back as a draft
    if (interrupt.signal.aborted && source === 'typed') screen.draft = prompt;
  }

  /** Answers, and goes on for as long as hooks have more to say. */
  async #answer(given: string, rule: TurnRule, signal: AbortSignal): Promise<void> {
    const { session, hooks, screen } = this.#options;
    let words = given;
    for (let blocks = 0; !signal.aborted; blocks++) {
      await delay(rule.afterMs ?? 0, undefined, { signal }).catch(() => undefined); // interrupted
      const answer = rule.asksApi ? await askApi(words, signal) : (rule.says ?? `ECHO: ${words}`);
      if (signal.aborted) return;
      const message = { role: 'assistant', content: [{ type: 'text', text: answer }], stop_reason: 'end_turn' };
      session.record({ type: 'assistant', message });
      screen.draw(`● ${answer}`, '');
      const stopped = await hooks.fire('Stop', { stop_hook_active: blocks > 0, last_assistant_message: answer });
      session.recordContexts(stopped.contexts, 'Stop');
      for (const reason of stopped.reasons) session.recordFeedback(reason);
      const more = [...stopped.contexts, ...stopped.reasons];
      if (more.length === 0 || blocks >= maxStopBlocks) return;
      words = more.join('\n');
      screen.draw(`  ⎿  Stop hook feedback: ${words}`, '');
    }
  }

  async refreshBadge(): Promise<void> {
    const { hooks, screen } = this.#options;
    const badge = await hooks.statusLine();
    if (badge === undefined) return;
    screen.badge = badge;
    screen.draw();
  }
}

async function askApi(prompt: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'stand-in', stream: false, messages: [{ role: 'user', content: prompt }] }),
      signal,
    });
    const reply = (await response.json()) as { content: Array<{ text?: string }> };
    return reply.content.map((block) => block.text ?? '').join('');
  } catch (error) {
    return `API error: ${error}`; // as claude does: said in the conversation
  }
}
