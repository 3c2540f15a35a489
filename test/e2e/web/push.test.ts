/** Web Push on the real claude, to a push service of the test; the page's part of it in a real Chromium. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { startBrowser } from '../../support/browser.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { startPushStandIn } from '../../support/push-stand-in.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { startWeb } from '../../support/web.ts';

const patient = { timeoutMs: 60_000 };

describe(`Web Push with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`subscribe on the page, be pushed what a session asks, open it from the notification; gone at 410 ${verifies('web-push')}`, async () => {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const service = await startPushStandIn(home.root);
    const env = {
      NODE_EXTRA_CA_CERTS: service.certificate,
      CLAUDEX_WEB_PUSH_PRIVATE: 'true',
      CLAUDEX_WEB_PUSH_AFTER_MS: '0',
    };
    const web = await startWeb(home, { api, env });
    const { page: newPage } = await startBrowser();
    const page = await newPage({ size: 'phone' });
    const context = page.context();
    await context.grantPermissions(['notifications'], { origin: web.url });
    // a browser asks its vendor for a subscription; here it has one already
    await page.addInitScript((given) => {
      let mine: unknown = null;
      const toBytes = (key: string): ArrayBuffer =>
        Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0)).buffer;
      Object.assign((globalThis as unknown as { PushManager: { prototype: object } }).PushManager.prototype, {
        getSubscription: async () => mine,
        subscribe: async ({ applicationServerKey }: { applicationServerKey: string }) => {
          mine = {
            options: { applicationServerKey: toBytes(applicationServerKey) },
            toJSON: () => given,
            unsubscribe: async () => {
              mine = null;
            },
          };
          return mine;
        },
      });
    }, service.subscription());
    await page.goto(`${web.url}/#pair=${await web.pairingCode()}`);
    await page.getByRole('button', { name: 'Notify' }).click();
    const whileClosed = page.getByRole('switch', { name: 'Also while it is closed' });
    await whileClosed.click();
    await until(() => whileClosed.isChecked(), patient);
    expect(service.pushes.map(({ payload }) => payload.title)).toEqual(['claudex']);

    const started = await runClaudex(['start', home.cwd, '--name', 'worker', '--', '--permission-mode', 'default'], {
      env: home.env(api),
      cwd: home.cwd,
    });
    const id = started.stdout.trim();
    const ask = async (file: string): Promise<void> => {
      const task = callsTool('Bash', { command: `echo hello > ${file}` });
      const sent = await runClaudex(['send', id, task], { env: home.env(api), cwd: home.cwd });
      expect(sent.code).toBe(0);
    };
    await ask('one.txt');
    await until(() => service.pushes.length === 2, patient);
    const { payload, headers } = service.pushes[1]!;
    expect(payload).toMatchObject({ title: 'worker asks', body: 'May it use Bash?', hash: `#/session/${id}/terminal` });
    expect(JSON.stringify(payload)).not.toContain('one.txt');
    expect(headers.topic).toBe(payload.tag);

    // what the push service gives the browser, the service worker shows; this Chromium has no notifications of its own
    await until(() => context.serviceWorkers().length > 0, patient);
    const worker = context.serviceWorkers()[0]!;
    await worker.evaluate(() => {
      const scope = globalThis as unknown as {
        shown: unknown[];
        registration: object;
        WindowClient: { prototype: object };
      };
      scope.shown = [];
      Object.assign(scope.registration, {
        showNotification: async (title: string, options: object) => void scope.shown.push({ title, ...options }),
      });
      Object.assign(scope.WindowClient.prototype, { focus: async () => undefined });
    });
    const devtools = await context.newCDPSession(page);
    const registrations: string[] = [];
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: all }) => {
      for (const { registrationId } of all) registrations.push(registrationId);
    });
    await devtools.send('ServiceWorker.enable');
    await until(() => registrations.length > 0, patient);
    const registrationId = registrations[0]!;
    const data = JSON.stringify(payload);
    await devtools.send('ServiceWorker.deliverPushMessage', { origin: web.url, registrationId, data });
    const shown = (): Promise<unknown[]> =>
      worker.evaluate(() => (globalThis as unknown as { shown: unknown[] }).shown);
    await until(async () => (await shown()).length === 1, patient);
    const { title, body, tag, hash } = payload;
    expect(await shown()).toEqual([{ title, body, tag, data: hash, icon: '/icon.svg' }]);
    await worker.evaluate((where) => {
      const pressed = Object.assign(new Event('notificationclick'), {
        notification: { close: () => undefined, data: where },
        waitUntil: () => undefined,
      });
      (globalThis as unknown as { dispatchEvent(event: Event): void }).dispatchEvent(pressed);
    }, hash);
    const card = page.getByTestId('question');
    await card.getByText('one.txt').waitFor({ timeout: patient.timeoutMs });
    expect(page.url()).toBe(`${web.url}/${hash}`);

    // answered, it tells of nothing any more
    await page.evaluate((own) => {
      const scope = globalThis as unknown as { takenBack: string[]; ServiceWorkerRegistration: { prototype: object } };
      scope.takenBack = [];
      const notification = (one: string) => ({ tag: one, close: () => void scope.takenBack.push(one) });
      Object.assign(scope.ServiceWorkerRegistration.prototype, {
        getNotifications: async () => [notification(own), notification('of somebody else')],
      });
    }, tag);
    await card.getByRole('button', { name: 'Allow', exact: true }).click();
    await until(
      () => page.evaluate(() => (globalThis as unknown as { takenBack: string[] }).takenBack.length > 0),
      patient,
    );
    expect(await page.evaluate(() => (globalThis as unknown as { takenBack: string[] }).takenBack)).toContain(tag);
    expect(await page.evaluate(() => (globalThis as unknown as { takenBack: string[] }).takenBack)).not.toContain(
      'of somebody else',
    );

    service.answers.status = 410;
    const kept = (): string[] => readdirSync(join(home.claudexHome, 'web', 'push'));
    expect(kept()).toHaveLength(1);
    await ask('two.txt');
    await until(() => kept().length === 0, patient);
  });

  it(`says why there is none over plain http ${verifies('web-push')}`, async () => {
    const home = bed.home();
    const web = await startWeb(home);
    const { page: newPage } = await startBrowser();
    const page = await newPage();
    // what a page of another machine over http has not
    await page.addInitScript(() => {
      Object.defineProperty(globalThis, 'isSecureContext', { value: false });
    });
    await page.goto(`${web.url}/#pair=${await web.pairingCode()}`);
    await page.getByRole('button', { name: 'Notify' }).click();
    await page.getByText('It takes https or localhost').waitFor();
    expect(await page.getByRole('switch', { name: 'Also while it is closed' }).isDisabled()).toBe(true);
  });
});
