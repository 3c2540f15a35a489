/** One figure of the `web` measurement. */
import type { Figure } from './figure.ts';

/** @param max what it has to be at most */
export function webFigure(name: string, value: number, unit: string, max?: number, note?: string): Figure {
  return {
    measurement: 'web',
    name,
    value,
    unit,
    ...(max !== undefined && { target: { max } }),
    ...(note && { note }),
  };
}
