/**
 * `npm run keyboard -- --seconds 600 --seed 1 [--claude BIN] [--replay FILE] [--plant]`: walks through the keyboard of
 * the real claude under the built claudex, while messages come, until the time is up. A walk that breaks a promise is made
 * shorter and written down. Exit 1 when one did.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    /** The real claude; CLAUDEX_TEST_CLAUDE_BIN or the devDependency without it. */
    claude: { type: 'string' },
    /** Plays a walk that was written down, as often as `--times` says, instead of the seed's. */
    replay: { type: 'string' },
    times: { type: 'string', default: '1' },
    /** Plants every fault, one after another, and tells whether it was caught. */
    plant: { type: 'boolean', default: false },
    /** How many habits a walk is made of. */
    length: { type: 'string', default: '7' },
    /** How long a broken walk may be replayed to make it shorter. */
    'shrink-seconds': { type: 'string', default: '120' },
    /** Where broken walks are written. */
    out: { type: 'string', default: join(tmpdir(), 'claudex-keyboard') },
  },
});
// before anything asks which claude is meant
if (values.claude) process.env.CLAUDEX_TEST_CLAUDE_BIN = values.claude;
const { realClaudeVersion } = await import('../support/claude-binary.ts');
const { planWalk } = await import('./person.ts');
const { playWalk } = await import('./play-walk.ts');
const { brokenBy, plants, walkFor } = await import('./plants.ts');
const { shrinkWalk } = await import('./shrink.ts');
const { judge, promises } = await import('./verdict.ts');
const { disposeResources } = await import('../support/resources.ts');
type Walk = import('./steps.ts').Walk;
type Violation = import('./verdict.ts').Violation;
type Evidence = import('./evidence.ts').Evidence;

const worstFirst = ['unrun', 'unmixed', 'unanswered', 'once', 'kept', 'whole'] as const;
const startedAt = Date.now();
const deadline = startedAt + number('seconds') * 1000;
const totals = { walks: 0, messages: 0, boxChecks: 0, dialogChecks: 0, stuck: 0, broken: 0 };
const byRoute = new Map<string, number>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void disposeResources().finally(() => process.exit(130)));
}
console.log(`claude ${realClaudeVersion()}, seed ${values.seed}`);
if (values.plant) {
  process.exit((await everyPlantIsCaught()) ? 0 : 1);
} else if (values.replay) {
  const walk = JSON.parse(readFileSync(values.replay, 'utf8')) as Walk;
  for (let time = 0; time < number('times'); time++) await tryWalk(walk);
} else {
  for (let index = 0; Date.now() < deadline; index++) {
    const walk = planWalk(number('seed') * 100_000 + index, number('length'));
    const violations = await tryWalk(walk);
    if (violations.length > 0) await shorten(walk, violations);
  }
}
const routes = [...byRoute].map(([route, count]) => `${route} ${count}`).join(', ');
console.log(
  `${totals.walks} walks, ${totals.messages} messages (${routes}; ${totals.stuck} stuck), ${totals.boxChecks} looks at the box, ` +
    `${totals.dialogChecks} at a dialog, ${totals.broken} violations, ${seconds()} s`,
);
process.exitCode = totals.broken > 0 ? 1 : 0;
// a terminal of node-pty's may hold the loop
process.exit();

async function everyPlantIsCaught(): Promise<boolean> {
  const missed: string[] = [];
  for (const plant of plants) {
    const violations = judge(await playWalk(walkFor(plant), plant));
    const caught = violations.some(({ promise }) => promise === brokenBy[plant]);
    if (!caught) missed.push(plant);
    console.log(`${seconds()} s  ${plant}: ${caught ? 'caught' : 'NOT CAUGHT'} (${promises[brokenBy[plant]]})`);
  }
  return missed.length === 0;
}

async function tryWalk(walk: Walk): Promise<Violation[]> {
  const evidence = await playWalk(walk);
  const violations = judge(evidence);
  count(evidence, violations);
  const what = `${walk.speed}, ${walk.installed ? 'installed' : 'not installed'}, ${walk.editorMode}, ${walk.permissions}`;
  console.log(
    `${seconds()} s  walk ${walk.seed} (${what}): ${evidence.sent.length} messages, ${violations.length} violations`,
  );
  for (const { promise, message, why } of violations) {
    console.log(`  BROKEN ${promise}: ${promises[promise]}\n    message ${message}, ${why}`);
  }
  if (violations.length > 0) {
    console.log(indent(evidence.atTheEnd));
    mkdirSync(values.out, { recursive: true });
    writeFileSync(join(values.out, `evidence-${walk.seed}.json`), `${JSON.stringify(evidence, null, 1)}\n`);
  }
  return violations;
}

async function shorten(walk: Walk, violations: readonly Violation[]): Promise<void> {
  const first = worstFirst.find((promise) => violations.some((one) => one.promise === promise))!;
  const until = Date.now() + number('shrink-seconds') * 1000;
  const breaks = async (shorter: Walk): Promise<boolean> =>
    judge(await playWalk(shorter)).some(({ promise }) => promise === first);
  const shortest = await shrinkWalk(walk, breaks, () => Date.now() < until);
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, `${first}-${walk.seed}.json`);
  writeFileSync(file, `${JSON.stringify(shortest, null, 1)}\n`);
  console.log(
    `  ${walk.steps.length} steps made ${shortest.steps.length}; again: npm run keyboard -- --replay ${file}`,
  );
}

function count(evidence: Evidence, violations: readonly Violation[]): void {
  totals.walks++;
  totals.messages += evidence.sent.length;
  totals.boxChecks += evidence.boxChecks.length;
  totals.dialogChecks += evidence.dialogChecks.length;
  totals.broken += violations.length;
  for (const { route, state } of evidence.messages) {
    if (state === 'stuck') totals.stuck++;
    else byRoute.set(route ?? 'none', (byRoute.get(route ?? 'none') ?? 0) + 1);
  }
}

function number(name: 'seconds' | 'seed' | 'times' | 'length' | 'shrink-seconds'): number {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`);
  return value;
}

function seconds(): number {
  return Math.round((Date.now() - startedAt) / 1000);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    | ');
}
