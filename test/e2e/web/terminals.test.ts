/** Terminals on the page in a real Chromium, over a claude that is bytes only: networks that fail, many at once, output that means ill. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { startBrowser, terminalText } from '../../support/browser.ts';
import { fixture, runClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import { startLossyLine } from '../../support/lossy-line.ts';
import { repetitions } from '../../support/repetition.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { type RunningWeb, startWeb } from '../../support/web.ts';

const patient = { timeoutMs: 60_000 };

describe('terminals on the web page', () => {
  const bed = useTestBed();

  async function world(names: string[] = ['bytes'], folder = 'project') {
    const home = bed.home({ cwdNames: [folder] });
    const extra = { CLAUDEX_CLAUDE_BIN: fixture('flooding-claude.mjs'), CLAUDEX_SESSIONS_MAX: String(names.length) };
    const env = home.env(undefined, extra);
    const cwd = home.dir(folder);
    const web = await startWeb(home, { env: extra });
    const token = await web.token('manage');
    const ids: string[] = [];
    for (const name of names) {
      const { status, json } = await web.send('/api/v1/sessions', { token, body: { cwd, name } });
      expect([status, json.error]).toEqual([201, undefined]);
      ids.push(json.session.id);
    }
    const { page: newPage } = await startBrowser();
    const page = await newPage();
    const peek = async (): Promise<string> => (await runClaudex(['peek', ids[0]!], { env, cwd })).stdout.trimEnd();
    return { home, extra, web, page, ids, peek };
  }

  async function paired(web: RunningWeb, page: Page, port = web.port): Promise<string> {
    const url = `http://127.0.0.1:${port}`;
    await page.goto(`${url}/#pair=${await web.pairingCode()}`);
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
    return url;
  }

  async function openTerminal(page: Page, url: string, id: string): Promise<void> {
    await page.goto(`${url}/#/session/${id}/terminal`);
    await until(async () => (await terminalText(page)).includes('READY'), patient);
    await page.getByTestId('terminal').click();
  }

  /** What the session was typed, in the order in which it says so. */
  const typedIn = (screen: string): string =>
    [...screen.matchAll(/^typed "(.*)"$/gm)].map((match) => match[1]).join('');

  it(`offline in the middle of output, daemon and server killed meanwhile: the page comes back equal, and nothing typed is lost ${verifies('web-page-reconnects')}`, async () => {
    const { home, extra, web, page, ids, peek } = await world();
    await openTerminal(page, await paired(web, page), ids[0]!);
    await page.keyboard.press('t');
    await until(async () => (await terminalText(page)).includes('tick 5'), patient);

    await page.context().setOffline(true);
    await page.getByText('The connection is lost').waitFor();
    await page.keyboard.press('A');
    await page.getByRole('textbox', { name: 'Message for bytes' }).fill('a message of mine');
    await page.getByTestId('terminal').click();
    await page.keyboard.press('B');
    web.child.kill('SIGKILL');
    process.kill((await daemonClient(home).status()).pid, 'SIGKILL');
    const last = 5 + repetitions(80, 400); // 2 s, and 10 s
    await until(async () => Number(/tick (\d+)\n?$/.exec(await peek())?.[1]) > last, patient);
    await startWeb(home, { env: extra, args: ['--port', String(web.port)] });
    expect(typedIn(await peek())).toBe('');
    await page.context().setOffline(false);

    await page.getByText('The connection is lost').waitFor({ state: 'hidden' });
    await until(async () => typedIn(await terminalText(page)) === 'AB', patient);
    await page.keyboard.press('s');
    await until(async () => (await terminalText(page)).includes('STOPPED'), patient);
    expect(await terminalText(page)).toBe(await peek());
    expect(await page.getByRole('textbox', { name: 'Message for bytes' }).inputValue()).toBe('a message of mine');
  });

  it(`a network that goes silent: what was typed into it arrives once, whichever way was lost ${verifies('web-page-reconnects')}`, async () => {
    const { web, page, ids, peek } = await world();
    const line = await startLossyLine(web.port);
    await openTerminal(page, await paired(web, page, line.port), ids[0]!);

    line.lose('server'); // it arrives, and nobody is told so
    await page.keyboard.press('A');
    await until(async () => typedIn(await peek()) === 'A', patient);
    await page.keyboard.press('B');
    await until(async () => typedIn(await peek()) === 'AB', patient);
    line.lose('browser');
    await page.keyboard.press('C');
    line.cut();
    await until(async () => typedIn(await terminalText(page)) === 'ABC', patient);
    await page.keyboard.press('D');
    await until(async () => typedIn(await terminalText(page)) === 'ABCD', patient);
    expect(typedIn(await peek())).toBe('ABCD');
  });

  it(`a server that is away while the page is opened: the page comes from the browser, and says so ${verifies('web-page-reconnects')}`, async () => {
    const { home, extra, web, page, ids } = await world();
    await openTerminal(page, await paired(web, page), ids[0]!);
    await page.getByRole('textbox', { name: 'Message for bytes' }).fill('a message of mine');
    await page.evaluate(() =>
      (
        globalThis as unknown as { navigator: { serviceWorker: { ready: Promise<unknown> } } }
      ).navigator.serviceWorker.ready.then(() => undefined),
    );
    web.child.kill('SIGKILL');
    await page.getByText('The connection is lost').waitFor();
    await page.reload();
    await page.getByText('The connection is lost').waitFor();
    await startWeb(home, { env: extra, args: ['--port', String(web.port)] });
    await until(async () => (await terminalText(page)).includes('READY'), patient);
    expect(await page.getByRole('textbox', { name: 'Message for bytes' }).inputValue()).toBe('a message of mine');
  });

  it(`what is above the screen stays, each line once, when the window gets another size ${verifies('web-page-works')}`, async () => {
    const { web, page, ids } = await world();
    await openTerminal(page, await paired(web, page), ids[0]!);
    await page.keyboard.press('t');
    await until(async () => (await terminalText(page)).includes('tick 120\n'), patient);
    await page.keyboard.press('s');
    await until(async () => (await terminalText(page)).includes('STOPPED'), patient);
    const all = (): Promise<string> => terminalText(page, { above: true });
    const last = Number(/tick (\d+)\nSTOPPED/.exec(await all())![1]);
    for (const size of [
      { width: 900, height: 400 },
      { width: 1300, height: 900 },
    ]) {
      const sizes = async (): Promise<number> => (await all()).match(/^size \d+x\d+$/gm)?.length ?? 0;
      const before = await sizes();
      await page.setViewportSize(size);
      await until(async () => (await sizes()) > before, patient);
      const ticks = async (): Promise<string[] | null> => (await all()).match(/^tick \d+$/gm);
      const wanted = Array.from({ length: last }, (_, index) => `tick ${index + 1}`).join();
      await until(async () => (await ticks())?.join() === wanted, patient);
    }
  });

  it(`many terminals at once on one page ${verifies('web-page-wall')}`, async () => {
    const count = repetitions(5, 20);
    const names = Array.from({ length: count }, (_, index) => `s${String(index).padStart(2, '0')}`);
    const { web, page } = await world(names);
    const url = await paired(web, page);
    await page.goto(`${url}/#/wall`);
    const shows = async (name: string, text: string): Promise<void> => {
      const tile = page.locator('.tile', { hasText: name });
      await tile.scrollIntoViewIfNeeded(); // what nobody sees is not drawn
      await tile.locator('.xterm-rows').getByText(text).waitFor();
    };
    for (const name of names) await shows(name, 'READY');
    // each shows its own session, and all of them live
    const token = await web.token('view', 'terminal');
    for (const name of names) {
      const { socket } = await web.open(`/api/v1/sessions/${name}/terminal`, { token });
      socket.send(Buffer.from(`of ${name}`));
    }
    for (const name of names) await shows(name, `typed "of ${name}"`);
  });

  it(`keys that a phone lacks come from the bar; what an input method composes arrives once, whole ${verifies('web-page-works')}`, async () => {
    const { web, page: laptop, ids } = await world();
    const url = await paired(web, laptop);
    const page = await laptop.context().newPage();
    await page.setViewportSize({ width: 360, height: 740 });
    const devices = await page.context().newCDPSession(page);
    await devices.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await openTerminal(page, url, ids[0]!);
    const typed = async (): Promise<string[]> =>
      [...(await terminalText(page)).matchAll(/^typed (".*")$/gm)].map(([, text]) => JSON.parse(text!) as string);
    const bar = page.getByRole('toolbar', { name: 'Keys' });
    const press = async (name: string, bytes: string): Promise<void> => {
      await bar.getByRole('button', { name, exact: true }).click();
      await until(async () => (await typed()).at(-1) === bytes, patient);
    };
    await press('esc', '\x1b');
    await press('tab', '\t');
    await press('⇧tab', '\x1b[Z');
    await press('Up', '\x1b[A');
    await press('^C', '\x03');
    // Ctrl is for the next key alone, and the bar took no focus away
    await bar.getByRole('button', { name: 'ctrl', exact: true }).click();
    await page.keyboard.press('r');
    await until(async () => (await typed()).at(-1) === '\x12', patient);
    await page.keyboard.press('r');
    await until(async () => (await typed()).at(-1) === 'r', patient);

    const before = (await typed()).length;
    for (const text of ['k', 'か', '漢']) {
      await devices.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
    }
    await devices.send('Input.insertText', { text: '漢字' });
    await until(async () => (await typed()).length > before, patient);
    await page.keyboard.press('z');
    await until(async () => (await typed()).at(-1) === 'z', patient);
    expect((await typed()).slice(before).join('')).toBe('漢字z');
  });

  it(`what a session writes to its terminal is text, whatever it is: markup, titles, links, the clipboard ${verifies('web-page-is-safe')}`, async () => {
    const { web, page, ids } = await world(['bytes'], '<img src=x onerror=globalThis.hacked=1>');
    await openTerminal(page, await paired(web, page), ids[0]!);
    const asked: string[] = [];
    const opened: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    page.context().on('page', (one) => opened.push(one.url()));
    await page.keyboard.press('x');
    await until(async () => (await terminalText(page)).includes('EVILS DONE'), patient);
    for (const words of ['PRESS-SCRIPT', 'PRESS-DATA', 'PRESS-FILE', 'https://good.example']) {
      await press(page, words);
    }
    // a link's text may lie: where it goes is asked first, and the other three go nowhere
    await until(() => asked.length > 0, patient);
    expect(asked).toEqual(['Open this address?\n\nhttp://127.0.0.1:9/elsewhere']);
    await page.getByText('The session offers 22 characters for your clipboard.').waitFor();
    expect(opened).toEqual([]);
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toBe('claudex');
  });

  /** Clicks on those words where the terminal shows them. */
  async function press(page: Page, words: string): Promise<void> {
    const lines = (await terminalText(page)).split('\n');
    const row = lines.findIndex((line) => line.includes(words));
    const { cols, rows } = await page.evaluate(() => {
      const { claudexTerminal } = globalThis as unknown as { claudexTerminal: { cols: number; rows: number } };
      return { cols: claudexTerminal.cols, rows: claudexTerminal.rows };
    });
    const box = (await page.locator('.xterm-screen').boundingBox())!;
    const x = box.x + ((lines[row]!.indexOf(words) + 2.5) * box.width) / cols;
    const y = box.y + ((row + 0.5) * box.height) / rows;
    await page.mouse.move(x - 1, y);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.up();
  }
});
