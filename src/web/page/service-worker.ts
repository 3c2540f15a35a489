/**
 * Keeps the page's own files, so that it opens at once and says itself that the machine is away. Nothing of the API is ever kept:
 * it is about this moment, and it is private.
 */
interface WorkerScope {
  addEventListener(
    type: 'install' | 'activate',
    listener: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(
    type: 'fetch',
    listener: (event: { request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
  addEventListener(
    type: 'notificationclick',
    listener: (event: {
      notification: { close(): void; data: unknown };
      waitUntil(work: Promise<unknown>): void;
    }) => void,
  ): void;
  addEventListener(
    type: 'push',
    listener: (event: { data: { json(): unknown }; waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  clients: {
    claim(): Promise<void>;
    matchAll(options: {
      type: 'window';
    }): Promise<{ focus(): Promise<unknown>; navigate(url: string): Promise<unknown> }[]>;
    openWindow(url: string): Promise<unknown>;
  };
  location: Location;
}

const worker = globalThis as unknown as WorkerScope;
const cacheName = 'claudex-page';
const shell = ['/', '/page.js', '/terminal.js', '/page.css', '/icon.svg', '/manifest.webmanifest'];

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(shell))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin || url.pathname.startsWith('/api/')) return;
  event.respondWith(freshOrKept(request));
});

/** The server's file where it answers, because a page of an older claudex must not stay; else the kept one. */
async function freshOrKept(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    const kept = await cache.match(request, { ignoreSearch: true });
    return kept ?? Response.error();
  }
}

/** What src/web/push/question-push.ts sends. A browser wants something shown for each push, so each is. */
worker.addEventListener('push', (event) => {
  const { title, body, tag, hash } = event.data.json() as { title: string; body: string; tag: string; hash: string };
  event.waitUntil(worker.registration.showNotification(title, { body, tag, data: hash, icon: '/icon.svg' }));
});

worker.addEventListener('notificationclick', (event) => {
  const { notification } = event;
  notification.close();
  const hash = typeof notification.data === 'string' && notification.data.startsWith('#/') ? notification.data : '';
  event.waitUntil(
    worker.clients.matchAll({ type: 'window' }).then(async ([open]) => {
      if (!open) return worker.clients.openWindow(`/${hash}`);
      await open.focus();
      return open.navigate(`/${hash}`);
    }),
  );
});
