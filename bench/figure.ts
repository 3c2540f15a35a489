/** One measured figure, what it stands beside, and what it has to be. */

export interface Figure {
  /** The measurement it belongs to (`hook`, `send`, …). */
  measurement: string;
  /** What was measured. */
  name: string;
  value: number;
  unit: string;
  /** The same machine, the same run: what the value is compared with. */
  baseline?: { name: string; value: number };
  /** `max`: at most that much is ok; `min`: at least. Without a target the figure is there to read. */
  target?: { max: number; name?: string } | { min: number; name?: string };
  /** How many samples, and anything needed to read the value. */
  note?: string;
}

/** Undefined when there is nothing to meet. */
export function isMet(figure: Figure): boolean | undefined {
  if (!figure.target) return undefined;
  return 'max' in figure.target ? figure.value <= figure.target.max : figure.value >= figure.target.min;
}

/** The p-th percentile (0–100), nearest rank. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.ceil((p / 100) * sorted.length);
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank - 1))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

export interface MeasureOptions {
  /** Fewer samples and shorter waits: a look, not a record. */
  quick: boolean;
  /** Says what is going on (stderr). */
  progress: (text: string) => void;
}

export type Measurement = (options: MeasureOptions) => Promise<Figure[]>;
