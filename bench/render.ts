/** The table that `npm run bench` prints; Markdown, so that it can go into docs/benchmarks.md as it is. */
import { type Figure, isMet } from './figure.ts';

const header = ['', 'figure', 'value', 'beside', 'ratio', 'target', '', 'note'];

export function renderTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.measurement,
    figure.name,
    amount(figure.value, figure.unit),
    figure.baseline ? `${figure.baseline.name}: ${amount(figure.baseline.value, figure.unit)}` : '',
    figure.baseline ? `×${(figure.value / figure.baseline.value).toFixed(2)}` : '',
    targetText(figure),
    { true: 'ok', false: 'MISSED', undefined: '' }[String(isMet(figure)) as 'true'],
    figure.note ?? '',
  ]);
  const widths = header.map((title, column) => Math.max(title.length, 3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function targetText(figure: Figure): string {
  if (!figure.target) return '';
  const [sign, limit] = 'max' in figure.target ? ['≤', figure.target.max] : ['≥', figure.target.min];
  const meaning = figure.target.name ? ` (${figure.target.name})` : '';
  return `${sign} ${amount(limit, figure.unit)}${meaning}`;
}

function amount(value: number, unit: string): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : unit === '%' ? 3 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
