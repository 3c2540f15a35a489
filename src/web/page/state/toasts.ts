/** Short news at the edge of the page. Errors stay until they are taken away, or somebody goes elsewhere. */
import { signal } from '@preact/signals';
import { ApiFailure, wordsOf } from '../api.ts';

export interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
  fix: string;
}

const shownMs = 5000;
let last = 0;
export const toasts = signal<readonly Toast[]>([]);

export function say(text: string): void {
  const toast = add({ tone: 'good', text, fix: '' });
  setTimeout(() => dismiss(toast.id), shownMs);
}

export function complain(error: unknown): void {
  add({ tone: 'bad', text: wordsOf(error), fix: fixOf(error) });
}

/** What to do about it, as a sentence of its own; empty where nobody knows. */
export function fixOf(error: unknown): string {
  const fix = error instanceof ApiFailure ? error.fix : '';
  return `${fix.slice(0, 1).toUpperCase()}${fix.slice(1)}`;
}

/** Whoever goes elsewhere has read them. */
export function dismissErrors(): void {
  toasts.value = toasts.value.filter(({ tone }) => tone !== 'bad');
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

function add(toast: Omit<Toast, 'id'>): Toast {
  const it = { ...toast, id: ++last };
  toasts.value = [...toasts.value.filter(({ text }) => text !== it.text).slice(-3), it];
  return it;
}

/** Does it, and says what went wrong. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}
