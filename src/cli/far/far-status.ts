/** `claudex --host … status`: how the other machine's server is. */
import type { Elsewhere } from '../../daemon-client/elsewhere.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { durationText } from '../text/durations.ts';

export async function farStatus(far: Elsewhere, { json }: { json?: boolean }): Promise<void> {
  const health = await far.health();
  if (json) return void process.stdout.write(`${JSON.stringify(health, null, 2)}\n`);
  const daemon = health.status === 'ok' ? '' : ' Its daemon does not answer.';
  const line = `${far.name}: claudex ${health.version}, up for ${durationText(health.uptimeMs)}, sessions: ${health.sessions}.${daemon}`;
  process.stdout.write(`${oneLine(line)}\n`);
  if (health.status !== 'ok') process.exitCode = 3;
}
