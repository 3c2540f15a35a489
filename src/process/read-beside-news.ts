/** What is kept from two sources: lists that are asked for, and news of what is in them. */

/**
 * A list may be older than news that came while it was asked for, and would take it back for good. So what news did meanwhile is done
 * once more on top of the list. (Of a list that is newer than the news, that is older for the moment until the next news has come.)
 */
export class ReadBesideNews {
  readonly #reads = new Set<(() => void)[]>();

  /** Does what news says. It must be the same when it is done twice. */
  news(change: () => void): void {
    change();
    for (const since of this.#reads) since.push(change);
  }

  /** Asks for lists and puts them where they belong. @throws what asking throws */
  async read<Lists>(ask: () => Promise<Lists>, put: (lists: Lists) => void): Promise<void> {
    const since: (() => void)[] = [];
    this.#reads.add(since);
    try {
      put(await ask());
      for (const change of since) change();
    } finally {
      this.#reads.delete(since);
    }
  }
}
