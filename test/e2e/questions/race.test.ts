/** Two answers at once, one by a key and one from elsewhere: one counts, and both sides are told the truth. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { playRace, type RaceEnd, type RacePlan, untruths } from '../../support/answer-race.ts';
import { expectNoHooks, startAskingClaude } from '../../support/asking-claude.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { repetitions } from '../../support/repetition.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { useTestBed } from '../../support/test-bed.ts';

/** The key comes at most so long before or after. */
const withinMs = 50;

describe(`two answers at once to what claude ${realClaudeVersion()} asks`, () => {
  const bed = useTestBed();

  it(`one counts, and what is said of it is what claude did ${verifies('answer-truth')}`, async () => {
    const claude = await startAskingClaude(bed);
    const random = seededRandom(14);
    const told: Record<string, number> = {};
    for (let round = 0; round < repetitions(4, 200); round++) {
      const via = round % 3 === 2 ? 'command' : 'request';
      const plan: RacePlan = {
        key: round % 2 === 0 ? '1' : 'esc',
        elsewhere: (round >> 1) % 2 === 0 ? 'allow' : 'deny',
        via,
        keyAfterMs: Math.round(via === 'command' ? random() * withinMs : (2 * random() - 1) * withinMs),
      };
      const end: RaceEnd = await playRace(claude, round, plan);
      expect(untruths(end), JSON.stringify(end)).toEqual([]);
      told[end.told] = (told[end.told] ?? 0) + 1;
    }
    await expectNoHooks(claude.home);
    process.stderr.write(`two answers at once: ${JSON.stringify(told)}\n`);
  }, 1_800_000);
});
