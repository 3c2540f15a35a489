/** Web Push: the browser's vendor carries what sessions ask to this device, also while no page is open. */
import { signal } from '@preact/signals';
import { request } from '../api.ts';
import { keptSignal } from './kept.ts';
import { permission } from './notifications.ts';
import { whyNoPush } from './why-no-push.ts';

/** `unable`: `why` says so. `full`: a push tells what would run, too. */
export type Push =
  | { kind: 'reading' | 'changing' }
  | { kind: 'unable'; why: string }
  | { kind: 'on' | 'off'; isFull: boolean };

interface ServerPush {
  push: 'off' | 'brief' | 'full';
  key: string;
  subscribed: boolean;
}

export const push = signal<Push>({ kind: 'reading' });
const wanted = keptSignal('push', 'off', ['on', 'off']);

/** What there is, and whether this device is told. */
export async function readPush(): Promise<void> {
  const why = whyNoPush({
    isSecure: isSecureContext,
    hasPush: 'serviceWorker' in navigator && 'PushManager' in globalThis,
    isApple: /iPhone|iPad/.test(navigator.userAgent),
  });
  if (why !== undefined) {
    push.value = { kind: 'unable', why };
    return;
  }
  const server = await request<ServerPush>('GET', '/push');
  if (server.push === 'off') {
    push.value = { kind: 'unable', why: 'It is switched off on the machine: claudex config set web.push brief.' };
    return;
  }
  const mine = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
  const isOn = server.subscribed && mine !== null && isOf(mine, server.key) && permission.value === 'granted';
  push.value = { kind: isOn ? 'on' : 'off', isFull: server.push === 'full' };
}

/** Asks the person, then the push service, then the server, which sends a first one. @throws ApiFailure, or what the browser says */
export async function subscribe(): Promise<void> {
  push.value = { kind: 'changing' };
  try {
    permission.value = await Notification.requestPermission();
    if (permission.value !== 'granted') throw new Error('This browser was told to show no notifications of this page.');
    const { key } = await request<ServerPush>('GET', '/push');
    const { pushManager } = await navigator.serviceWorker.ready;
    const older = await pushManager.getSubscription();
    if (older && !isOf(older, key)) await older.unsubscribe();
    const mine = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    await request('POST', '/push/subscriptions', mine.toJSON()).catch(async (error: unknown) => {
      await mine.unsubscribe();
      throw error;
    });
    wanted.value = 'on';
  } finally {
    await readPush();
  }
}

/** @throws ApiFailure */
export async function unsubscribe(): Promise<void> {
  push.value = { kind: 'changing' };
  wanted.value = 'off';
  try {
    await request('DELETE', '/push/subscriptions');
    const mine = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
    await mine?.unsubscribe();
  } finally {
    await readPush();
  }
}

/** A subscription ends by itself, and a server may have forgotten it: one that is wanted is made again. */
export async function keepSubscribed(): Promise<void> {
  if (wanted.value === 'off' || permission.value !== 'granted') return;
  await readPush();
  if (push.value.kind === 'off') await subscribe();
}

function isOf({ options: { applicationServerKey } }: PushSubscription, key: string): boolean {
  const bytes = new Uint8Array(applicationServerKey ?? new ArrayBuffer(0));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === key;
}
