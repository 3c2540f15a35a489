/** Tells of a question while nobody looks at the page. */
import { signal } from '@preact/signals';
import type { Question } from '../api-types.ts';
import { connection } from './connection.ts';
import { keptSignal } from './kept.ts';
import { newcomers, openQuestions } from './questions.ts';
import { hashOf } from './route.ts';
import { complain } from './toasts.ts';

export const canNotify = 'Notification' in globalThis;
export const permission = signal(canNotify ? Notification.permission : 'denied');
/** Whether this browser is to tell while its page is in the background. */
export const wanted = keptSignal('notify', 'off', ['on', 'off']);

export async function askToNotify(): Promise<void> {
  if (!canNotify) return;
  permission.value = await Notification.requestPermission();
  wanted.value = permission.value === 'granted' ? 'on' : 'off';
}

export function stopNotifying(): void {
  wanted.value = 'off';
}

export function notifyOfQuestions(): void {
  newcomers.subscribe((question) => {
    if (!question || document.visibilityState === 'visible' || wanted.value === 'off') return;
    if (permission.value === 'granted') show(question).catch(complain);
  });
  openQuestions.subscribe(({ length }) => {
    document.title = length === 0 ? 'claudex' : `(${length}) claudex`;
    const device = navigator as Navigator & { setAppBadge?: (count: number) => Promise<void> };
    device.setAppBadge?.(length).catch(() => undefined);
  });
  openQuestions.subscribe((open) => {
    if (connection.value === 'live') void takeBack(new Set(open.map(({ id }) => id))).catch(() => undefined);
  });
}

/** A notification of a question that is over, here or elsewhere, tells of nothing any more. */
async function takeBack(open: ReadonlySet<string>): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await worker?.getNotifications()) ?? [])
    if (shown.tag.startsWith('q-') && !open.has(shown.tag)) shown.close();
}

async function show(question: Question): Promise<void> {
  const title = `${question.name} asks`;
  const options = {
    body:
      question.kind === 'permission'
        ? `May it use ${question.tool}?`
        : question.kind === 'plan'
          ? 'A plan to approve'
          : 'A question',
    tag: question.id,
    data: hashOf({ view: 'session', id: question.session, tab: 'terminal' }),
    icon: '/icon.svg',
  };
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker) await worker.showNotification(title, options);
  else new Notification(title, options);
}
