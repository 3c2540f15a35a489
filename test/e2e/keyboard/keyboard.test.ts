/** Walks through claude's whole keyboard while messages come: fixed seeds, walks that once broke a promise, planted faults. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planWalk } from '../../keyboard/person.ts';
import { brokenBy, plants, walkFor } from '../../keyboard/plants.ts';
import { playWalk } from '../../keyboard/play-walk.ts';
import type { Walk } from '../../keyboard/steps.ts';
import { judge } from '../../keyboard/verdict.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { repositoryRoot } from '../../support/claudex.ts';
import { installLeakCheck } from '../../support/leak-check.ts';

const foundFolder = join(repositoryRoot, 'test', 'keyboard', 'found');
const found = readdirSync(foundFolder).filter((name) => name.endsWith('.json'));

describe(`a person at the keyboard of claude ${realClaudeVersion()}`, () => {
  installLeakCheck();

  it(`keeps every promise on the walks of fixed seeds ${verifies('keyboard-walks')}`, async () => {
    const walks = [4, 12, 36].map((seed) => planWalk(seed, 2));
    const verdicts = await twoAtATime(walks, async (walk) => judge(await playWalk(walk)));
    expect(verdicts).toEqual(walks.map(() => []));
  });

  it('keeps every promise on the walks that were found', async () => {
    const verdicts = await twoAtATime(found, async (name) => {
      const walk = JSON.parse(readFileSync(join(foundFolder, name), 'utf8')) as Walk;
      return { name, violations: judge(await playWalk(walk)) };
    });
    expect(verdicts).toEqual(found.map((name) => ({ name, violations: [] })));
  });

  it('sees every planted fault', async () => {
    const verdicts = await twoAtATime(plants, async (plant) =>
      judge(await playWalk(walkFor(plant), plant)).map(({ promise }) => promise),
    );
    for (const [index, plant] of plants.entries()) expect(verdicts[index], plant).toContain(brokenBy[plant]);
  });
});

/** A walk is a whole claude and somebody at its keyboard: more of them at once would be a walk on a machine that nobody works on. */
async function twoAtATime<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = [...all.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await act(next[1]);
  };
  await Promise.all([worker(), worker()]);
  return results;
}
