/**
 * `npm run bench [-- name…] [--quick] [--json]`: measures what this machine makes of claudex, and holds it against the targets.
 * Everything runs in temporary homes, with a stand-in API; the exit code is 1 when a target is missed.
 */
import { cpus, loadavg, totalmem } from 'node:os';
import { realClaudeVersion } from '../test/support/claude-binary.ts';
import { disposeResources } from '../test/support/resources.ts';
import { measureAttach } from './attach.ts';
import { measureBoard } from './board.ts';
import { measureDaemonIdle } from './daemon-idle.ts';
import { measureDaemonLoad } from './daemon-load.ts';
import { type Figure, isMet, type Measurement } from './figure.ts';
import { measureBadge, measureHook } from './hook.ts';
import { measureHost } from './host.ts';
import { measureMcp } from './mcp.ts';
import { measureMesh } from './mesh.ts';
import { measureMeshSend } from './mesh-send.ts';
import { measureQuestions } from './questions.ts';
import { measureRelay } from './relay.ts';
import { renderTable } from './render.ts';
import { measureSearch } from './search.ts';
import { measureSend } from './send.ts';
import { measureStartup } from './startup.ts';
import { measureWarm, measureWarmSoak } from './warm.ts';
import { measureWeb } from './web.ts';

const measurements: Record<string, Measurement> = {
  hook: measureHook,
  badge: measureBadge,
  startup: measureStartup,
  relay: measureRelay,
  attach: measureAttach,
  host: measureHost,
  send: measureSend,
  questions: measureQuestions,
  board: measureBoard,
  mcp: measureMcp,
  mesh: measureMesh,
  'mesh-send': measureMeshSend,
  'daemon-idle': measureDaemonIdle,
  'daemon-load': measureDaemonLoad,
  search: measureSearch,
  warm: measureWarm,
  'warm-soak': measureWarmSoak,
  web: measureWeb,
};

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const quick = words.includes('--quick');
const names = words.filter((word) => word !== '--json' && word !== '--quick');
const unknown = names.filter((name) => !(name in measurements));
if (unknown.length > 0) {
  process.stderr.write(`No measurement ${unknown.join(', ')}; there are ${Object.keys(measurements).join(', ')}.\n`);
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void disposeResources().finally(() => process.exit(130)));
}

const progress = (text: string): void => {
  process.stderr.write(`  ${text}\n`);
};
const loadBefore = Number(loadavg()[0]!.toFixed(2));
const figures: Figure[] = [];
const failures: string[] = [];
/** Takes minutes: only when it is asked for. */
const onlyByName = ['warm-soak'];
const usual = Object.keys(measurements).filter((name) => !onlyByName.includes(name));
for (const name of names.length > 0 ? names : usual) {
  process.stderr.write(`${name} …\n`);
  try {
    figures.push(...(await measurements[name]!({ quick, progress })));
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
  } finally {
    await disposeResources();
  }
}

const machine = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1e9),
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
  claude: realClaudeVersion(),
  /** One-minute load average before the first measurement: somebody else on the cores makes every time longer. */
  loadBefore,
  quick,
};
if (asJson) {
  const withResult = figures.map((figure) => ({ ...figure, ok: isMet(figure) ?? null }));
  process.stdout.write(`${JSON.stringify({ machine, figures: withResult, failures }, null, 2)}\n`);
} else {
  const { date, cpu, cores, platform, node, claude } = machine;
  const load = `load average before: ${loadBefore}`;
  process.stdout.write(`\n${date}, ${platform}, ${cores} cores (${cpu}), Node ${node}, claude ${claude}; ${load}\n\n`);
  process.stdout.write(`${renderTable(figures)}\n`);
  for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
}
process.exitCode = failures.length > 0 || figures.some((figure) => isMet(figure) === false) ? 1 : 0;
