/** How many prompts may be under way at once: of one caller, to one session, in all. Pure. */
import { AgentRefusal } from './agent-request.ts';

const most = { session: 8, caller: 24, all: 64 };

export class PromptPlaces {
  readonly #taken = new Map<string, number>();

  /**
   * @returns gives the place back
   * @throws AgentRefusal 429
   */
  take(session: string, caller: string): () => void {
    const places = [
      ['session', `session ${session}`, 'This session has'],
      ['caller', `caller ${caller}`, 'This caller has'],
      ['all', 'all', 'This machine has'],
    ] as const;
    for (const [kind, key, who] of places)
      if (this.#count(key) >= most[kind])
        throw new AgentRefusal(
          429,
          'too_many_prompts',
          `${who} ${most[kind]} prompts under way: wait for an answer, then try again.`,
        );
    for (const [, key] of places) this.#taken.set(key, this.#count(key) + 1);
    return () => {
      for (const [, key] of places) {
        const left = this.#count(key) - 1;
        if (left > 0) this.#taken.set(key, left);
        else this.#taken.delete(key);
      }
    };
  }

  #count(key: string): number {
    return this.#taken.get(key) ?? 0;
  }
}
