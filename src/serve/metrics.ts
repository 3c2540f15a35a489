/** What the server counts, and how it tells: Prometheus' text format (docs: exposition formats, version 0.0.4). */
import type { PoolEvent } from '../warm/pool/pool-request.ts';

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

interface Family {
  type: 'counter' | 'gauge';
  help: string;
}

const families = {
  claudex_serve_requests_total: {
    type: 'counter',
    help: 'Requests for messages, by the status they were answered with.',
  },
  claudex_serve_requests_in_flight: { type: 'gauge', help: 'Requests that run or wait now.' },
  claudex_serve_request_seconds_sum: {
    type: 'counter',
    help: 'Seconds from request to answer, all requests together.',
  },
  claudex_serve_request_seconds_count: { type: 'counter', help: 'Requests that are in the sum.' },
  claudex_serve_tokens_total: { type: 'counter', help: 'Tokens as claude reports them.' },
  claudex_serve_cost_usd_total: { type: 'counter', help: 'Cost as claude estimates it.' },
  claudex_serve_claude_events_total: { type: 'counter', help: 'What happened to claude processes.' },
  claudex_serve_claude_processes: { type: 'gauge', help: 'Claude processes there are now.' },
} as const satisfies Record<string, Family>;

export type MetricName = keyof typeof families;

/** Every name that may follow `event=`, so that a counter is there before it first counts. */
export const poolEvents: ReadonlyArray<PoolEvent['event']> = [
  'spawn',
  'reuse',
  'reset',
  'recycle',
  'evict',
  'timeout',
  'crash',
];

interface Sample {
  labels: Record<string, string>;
  value: number;
}

export class Metrics {
  readonly #samples = new Map<MetricName, Map<string, Sample>>();

  add(name: MetricName, labels: Record<string, string>, value = 1): void {
    const sample = this.#sample(name, labels);
    sample.value += value;
  }

  set(name: MetricName, labels: Record<string, string>, value: number): void {
    this.#sample(name, labels).value = value;
  }

  /** Everything, or what is labelled with that workspace. */
  render(workspace?: string): string {
    const lines: string[] = [];
    for (const [name, samples] of this.#samples) {
      const { help, type } = families[name];
      const shown = [...samples.values()].filter(({ labels }) => !workspace || labels.workspace === workspace);
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const { labels, value } of shown) lines.push(`${name}{${labelText(labels)}} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #sample(name: MetricName, labels: Record<string, string>): Sample {
    const samples = this.#samples.get(name) ?? new Map<string, Sample>();
    this.#samples.set(name, samples);
    const key = labelText(labels);
    const sample = samples.get(key) ?? { labels, value: 0 };
    samples.set(key, sample);
    return sample;
  }
}

function labelText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',');
}
