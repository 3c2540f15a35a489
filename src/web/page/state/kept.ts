/** What this browser keeps: drafts, what was sent, how the page looks. A browser without storage keeps it until the page is closed. */
import { type Signal, signal } from '@preact/signals';

const memory = new Map<string, string>();

export function readKept(name: string): string | null {
  try {
    return localStorage.getItem(`claudex:${name}`);
  } catch {
    return memory.get(name) ?? null;
  }
}

export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`claudex:${name}`);
    else localStorage.setItem(`claudex:${name}`, value);
  } catch {
    if (value === null) memory.delete(name);
    else memory.set(name, value);
  }
}

export function keptJson<Value>(name: string, otherwise: Value): Value {
  const text = readKept(name);
  if (text === null) return otherwise;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return otherwise;
  }
}

/** A signal whose value is there again the next time. */
export function keptSignal<Value extends string>(name: string, first: Value, values: readonly Value[]): Signal<Value> {
  const text = readKept(name);
  const it = signal(values.includes(text as Value) ? (text as Value) : first);
  it.subscribe((value) => keep(name, value));
  return it;
}
