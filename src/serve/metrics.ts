/** Counts of each workspace in the text format that Prometheus reads. */
import type { Workspace } from './workspaces.ts';

export function renderMetrics(workspaces: readonly Workspace[]): string {
  const lines: string[] = [];
  const add = (name: string, help: string, type: 'counter' | 'gauge', samples: string[]): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
  };
  const stats = workspaces.map(({ name, client }) => ({ name, ...client.stats() }));
  add(
    'claudex_warm_events_total',
    'What has happened in the pool of a workspace.',
    'counter',
    stats.flatMap(({ name, counters }) =>
      Object.entries(counters).map(
        ([event, count]) => `claudex_warm_events_total{workspace="${name}",event="${event}"} ${count}`,
      ),
    ),
  );
  add(
    'claudex_warm_processes',
    'Claude processes of a workspace.',
    'gauge',
    stats.map(({ name, processes }) => `claudex_warm_processes{workspace="${name}"} ${processes.length}`),
  );
  add(
    'claudex_warm_waiting',
    'Requests of a workspace that wait for a process.',
    'gauge',
    stats.map(({ name, waiting }) => `claudex_warm_waiting{workspace="${name}"} ${waiting}`),
  );
  return `${lines.join('\n')}\n`;
}
