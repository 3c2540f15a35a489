/** The web page in a real Chromium, on the real claude: what a person does there, and what must not happen to them. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/protocol/message.ts';
import { verifies } from '../../requirements.ts';
import { picture, startBrowser, terminalText } from '../../support/browser.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessages } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { promptBox } from '../../support/real-claude.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { type RunningWeb, startWeb } from '../../support/web.ts';

const patient = { timeoutMs: 60_000 };
const patient60 = { timeout: 60_000 };
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe(`the web page with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  async function paired(web: RunningWeb, page: Page): Promise<void> {
    await page.goto(`${web.url}/#pair=${await web.pairingCode()}`);
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
    expect(page.url()).not.toContain('pair=');
  }

  const screenOf = async (home: HermeticHome, api: { url: string }, name: string): Promise<string> =>
    (await runClaudex(['peek', name], { env: home.env(api), cwd: home.cwd })).stdout.trimEnd();

  async function startSession(
    home: HermeticHome,
    api: { url: string },
    name: string,
    ...more: string[]
  ): Promise<string> {
    const result = await runClaudex(['start', home.cwd, '--name', name, ...more], {
      env: home.env(api),
      cwd: home.cwd,
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return result.stdout.trim();
  }

  it(`pair, start a session, watch it in its live terminal, type there, send, read the answer, stop, resume ${verifies('web-page-works')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'The migration check passes again.' });
    const web = await startWeb(home, { api });
    const { page: newPage } = await startBrowser();
    const page = await newPage();
    // the tab that asks for a link is where it is opened
    await page.goto(web.url);
    await page.getByRole('heading', { name: 'Pair this browser' }).waitFor();
    await paired(web, page);

    await page.getByRole('button', { name: 'New session' }).first().click();
    await page.getByLabel('Folder').fill('/not/there');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('dialog').getByRole('alert').getByText('There is no such folder.').waitFor();
    await page.getByLabel('Folder').fill(home.cwd);
    await page.getByLabel('Name').fill('worker');
    await page.getByLabel('First task').fill('run the migration check');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('heading', { name: 'worker' }).waitFor();
    await until(async () => (await terminalText(page)).includes('The migration check passes again.'), patient);
    await picture(page, 'web-terminal');

    await page.getByTestId('terminal').click();
    await page.keyboard.type('half a thought');
    await until(async () => promptBox(await terminalText(page)) === 'half a thought', patient);
    expect(promptBox(await screenOf(home, api, 'worker'))).toBe('half a thought');
    for (let count = 0; count < 'half a thought'.length; count++) await page.keyboard.press('Backspace');
    await until(async () => promptBox(await screenOf(home, api, 'worker')) === '', patient);

    const box = page.getByRole('textbox', { name: 'Message for worker' });
    await box.fill('and the linter?');
    await box.press('Enter');
    await waitForMessages(home, (all) => all.filter((one) => one.state === 'answered').length === 2);
    expect(await box.inputValue()).toBe('');
    await page.getByRole('tab', { name: 'Conversation' }).click();
    const log = page.getByRole('log');
    await log.getByText('and the linter?').waitFor();
    await until(async () => (await log.getByText('The migration check passes again.').count()) === 2, patient);
    await picture(page, 'web-conversation');

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Resume' }).first().waitFor();
    await page.getByRole('button', { name: 'Resume' }).first().click();
    await page.getByRole('tab', { name: 'Terminal' }).click();
    await until(async () => (await terminalText(page)).includes('and the linter?'), patient);
  });

  it(`a browser and a terminal show the same; a server that dies and comes back costs nothing that was typed ${verifies('web-page-reconnects')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'ok' });
    const id = await startSession(home, api, 'worker');
    const web = await startWeb(home, { api });
    const { page: newPage } = await startBrowser();
    const page = await newPage();
    await paired(web, page);
    await page.goto(`${web.url}/#/session/${id}/terminal`);
    await until(async () => promptBox(await terminalText(page)) === '', patient);
    await page.getByTestId('terminal').click();
    await page.keyboard.type('one ');
    await until(async () => promptBox(await screenOf(home, api, 'worker')) === 'one', patient);

    web.child.kill('SIGKILL');
    await page.getByText('The connection is lost').waitFor();
    await page.keyboard.type('two');
    await page.getByRole('textbox', { name: 'Message for worker' }).fill('a message of mine');
    const daemon = (await daemonClient(home).status()).pid;
    process.kill(daemon, 'SIGKILL');
    await startWeb(home, { api, args: ['--port', String(web.port)] });
    await until(async () => promptBox(await screenOf(home, api, 'worker')) === 'one two', patient);
    await until(async () => (await terminalText(page)) === (await screenOf(home, api, 'worker')), patient);
    await page.getByText('The connection is lost').waitFor({ state: 'hidden' });
    expect(await page.getByRole('textbox', { name: 'Message for worker' }).inputValue()).toBe('a message of mine');
    await page.reload();
    await page.getByRole('textbox', { name: 'Message for worker' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Message for worker' }).inputValue()).toBe('a message of mine');
  });

  it(`a file of the page that does not come is asked for until it does ${verifies('web-page-reconnects')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'ok' });
    const id = await startSession(home, api, 'worker');
    const web = await startWeb(home, { api });
    const { page: newPage } = await startBrowser();
    const page = await newPage({ noWorker: true });
    await paired(web, page);
    let refused = 0;
    await page.route(/\/terminal\.js/, (route) => (refused++ < 2 ? route.abort() : route.continue()));
    await page.goto(`${web.url}/#/session/${id}/terminal`);
    await until(async () => promptBox(await terminalText(page)) === '', patient);
    expect(refused).toBeGreaterThan(2);
  });

  it(`what sessions and messages say is text, never a part of the page ${verifies('web-page-is-safe')}`, async () => {
    const evil = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>';
    const home = bed.home();
    const api = await bed.api({ text: `${evil} [press me](javascript:globalThis.hacked=1) \u202ereversed` });
    const id = await startSession(home, api, 'worker');
    const web = await startWeb(home, { api });
    const { page: newPage } = await startBrowser();
    const page = await newPage({ scheme: 'light' });
    await paired(web, page);
    await page.goto(`${web.url}/#/session/${id}/conversation`);
    const box = page.getByRole('textbox', { name: 'Message for worker' });
    await box.fill(`say ${evil}`);
    await box.press('Enter');
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    await page.getByText('press me').waitFor();
    await page.getByText('press me').click();
    await page.getByRole('tab', { name: 'Queue' }).click();
    await page.getByText('answered', { exact: true }).waitFor();
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    expect(await page.locator('img[src="x"], .markdown script, .markdown a[href^="javascript"]').count()).toBe(0);
  });

  it(`a permission question is answered from a phone, after all of what would run is seen ${verifies('web-page-answers')}`, async () => {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const command = 'echo allowed \\\n  > made-from-a-phone.txt';
    const id = await startSession(home, api, 'worker', '--', '--permission-mode', 'default');
    const web = await startWeb(home, { api });
    const { page: newPage } = await startBrowser();
    const page = await newPage({ size: 'phone' });
    await paired(web, page);
    await page.goto(`${web.url}/#/session/${id}/terminal`);
    const box = page.getByRole('textbox', { name: 'Message for worker' });
    await box.fill(callsTool('Bash', { command, description: 'Leave a mark' }));
    await page.getByRole('button', { name: 'Send' }).click();
    await untilDelivered(home, 1);
    await untilAsked(home, 'made-from-a-phone.txt');
    const card = page.getByTestId('question');
    await card.getByText('made-from-a-phone.txt').waitFor(patient60);
    expect(await card.locator('pre').textContent()).toBe(command);
    await picture(page, 'web-question-phone');
    await card.getByRole('button', { name: 'Allow', exact: true }).click();
    await card.waitFor({ state: 'hidden' });
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    expect(readFileSync(join(home.cwd, 'made-from-a-phone.txt'), 'utf8')).toBe('allowed\n');

    // what would run is text, also where it looks like a part of the page
    const evil = 'echo "<img src=x onerror=globalThis.hacked=1>" > denied.txt';
    await box.fill(callsTool('Bash', { command: evil, description: '<b onclick=alert(1)>harmless</b>' }));
    await page.getByRole('button', { name: 'Send' }).click();
    await untilDelivered(home, 2);
    await untilAsked(home, 'denied.txt');
    await card.getByText('denied.txt').waitFor(patient60);
    expect(await card.locator('pre').textContent()).toBe(evil);
    await card.getByText('<b onclick=alert(1)>harmless</b>').waitFor();
    expect(await card.locator('img, b').count()).toBe(0);
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    await card.getByRole('button', { name: 'Deny' }).click();
    await card.getByLabel('Why not').fill('not from a phone');
    await card.getByLabel('Why not').press('Enter');
    await until(() => api.requests.some((one) => JSON.stringify(one.body).includes('not from a phone')), patient);
    await card.waitFor({ state: 'hidden' });
    expect(existsSync(join(home.cwd, 'denied.txt'))).toBe(false);
  });

  it(`axe finds nothing serious, at three sizes, light and dark ${verifies('web-page-accessible')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'Done: `a` and **b**.' });
    const id = await startSession(home, api, 'worker', '--task', 'do it');
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    const web = await startWeb(home, { api });
    const { page: newPage } = await startBrowser();
    const found: string[] = [];
    for (const [size, scheme] of [
      ['phone', 'dark'],
      ['laptop', 'light'],
      ['wide', 'dark'],
      ['phone', 'light'],
    ] as const) {
      const page = await newPage({ size, scheme });
      await paired(web, page);
      for (const hash of [
        '#/',
        `#/session/${id}/conversation`,
        `#/session/${id}/queue`,
        `#/session/${id}/terminal`,
        '#/search',
        '#/usage',
        '#/wall',
      ]) {
        await page.goto(`${web.url}/${hash}`);
        await page.locator('main, nav').first().waitFor();
        if (hash.endsWith('conversation')) await page.getByText('Done').waitFor();
        found.push(...(await seriousIn(page)).map((one) => `${size} ${scheme} ${hash} ${one}`));
      }
      await page.goto(`${web.url}/#/`);
      await page.getByRole('button', { name: 'Notify' }).click();
      await page.getByRole('switch', { name: 'Also while it is closed' }).waitFor();
      await page.getByText('Web Push…').waitFor({ state: 'hidden' });
      // it fades in: half there it has no contrast to judge
      await page.getByRole('dialog').evaluate(hasAppeared);
      found.push(...(await seriousIn(page)).map((one) => `${size} ${scheme} Notify ${one}`));
      await page.context().close();
    }
    expect(found).toEqual([]);
  });
});

/** Resolves when claude has taken so many messages. @throws Error with what there is of each */
async function untilDelivered(home: HermeticHome, count: number): Promise<void> {
  const isIn = ({ state }: Message): boolean => state === 'delivered' || state === 'answered';
  await waitForMessages(home, (all) => all.filter(isIn).length === count);
}

/** Resolves when claude asks for that, on the page or not. @throws Error with all that it has asked */
async function untilAsked(home: HermeticHome, text: string): Promise<void> {
  await until(async () => {
    const all = await daemonClient(home).questions({ ended: true });
    if (all.some(({ state, shown }) => state === 'open' && shown.includes(text))) return true;
    throw new Error(`not asked; the daemon says ${JSON.stringify(all, null, 2)}`);
  }, patient);
}

/** Resolves when nothing in it moves or fades any more. Runs in the page. */
async function hasAppeared(element: unknown): Promise<void> {
  const { getAnimations } = element as { getAnimations(options: object): { finished: Promise<unknown> }[] };
  await Promise.all(getAnimations.call(element, { subtree: true }).map(({ finished }) => finished));
}

/** What axe finds on the page as it stands that is serious, or worse. */
async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
      }
    ).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
