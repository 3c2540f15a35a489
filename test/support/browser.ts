/** A real Chromium for a test: from npm, or the one that CLAUDEX_TEST_CHROMIUM names (macOS, arm64). */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bundled from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { registerResource } from './resources.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const sizes = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
  wide: { width: 1920, height: 1080 },
};

export interface PageOptions {
  size?: keyof typeof sizes;
  scheme?: 'light' | 'dark';
  /** What the page asks for goes to the server, or to `page.route`, and not through its service worker. */
  noWorker?: boolean;
}

export interface TestBrowser {
  /** A new page, with nothing of another one's: no cookie, no storage. What goes wrong inside it fails the test at its end. */
  page(options?: PageOptions): Promise<Page>;
  browser: Browser;
}

/** Closed after the test. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = process.env.CLAUDEX_TEST_CHROMIUM ?? (await bundled.executablePath());
  const server = await chromium.launchServer({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const browser = await chromium.connect(server.wsEndpoint());
  const errors: string[] = [];
  registerResource({
    label: 'Chromium',
    dispose: async () => {
      // killed: asked to close, it now and then does not, for minutes (one of ten runs beside load)
      await server.kill();
      if (errors.length > 0) throw new Error(`errors in the page:\n${errors.join('\n')}`);
    },
    describe: () => errors.join('\n'),
  });
  return {
    browser,
    page: async ({ size = 'laptop', scheme = 'dark', noWorker = false } = {}) => {
      const context: BrowserContext = await browser.newContext({
        viewport: sizes[size],
        colorScheme: scheme,
        hasTouch: size === 'phone',
        isMobile: size === 'phone',
        serviceWorkers: noWorker ? 'block' : 'allow',
      });
      const page = await context.newPage();
      const inside = await context.newCDPSession(page);
      inside.on('Runtime.exceptionThrown', ({ exceptionDetails }) => errors.push(errorText(exceptionDetails)));
      await inside.send('Runtime.enable');
      return page;
    },
  };
}

interface ThrownInPage {
  /** `Uncaught`, or `Uncaught (in promise)`. */
  text: string;
  url?: string;
  lineNumber: number;
  columnNumber: number;
  exception?: { type: string; description?: string; value?: unknown };
  stackTrace?: { callFrames: { functionName: string; url: string; lineNumber: number; columnNumber: number }[] };
}

/** Its kind, name, message and where it was thrown. Playwright's own words of an error without a stack are none at all. */
function errorText({ text, url, lineNumber, columnNumber, exception, stackTrace }: ThrownInPage): string {
  const what = exception?.description ?? JSON.stringify(exception?.value) ?? exception?.type ?? 'nothing';
  const frames = (stackTrace?.callFrames ?? []).map(
    (frame) => `    at ${frame.functionName || '(top)'} ${frame.url}:${frame.lineNumber + 1}:${frame.columnNumber + 1}`,
  );
  const place = `    in ${url ?? 'no file'}:${lineNumber + 1}:${columnNumber + 1}`;
  return [`${text}: ${what}`, place, ...frames].join('\n');
}

/** With CLAUDEX_SCREENSHOTS=1 the pictures in docs/ are taken anew. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.CLAUDEX_SCREENSHOTS !== '1') return;
  const folder = join(root, 'docs', 'pictures');
  mkdirSync(folder, { recursive: true });
  // the page at rest: no short news on it
  await page.locator('.toast').first().waitFor({ state: 'hidden' });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

/** The text of the terminal that is shown, line by line as it is drawn; with `above` also what is above its screen. */
export async function terminalText(page: Page, { above = false } = {}): Promise<string> {
  return page.evaluate((fromTop) => {
    const terminal = (
      globalThis as unknown as {
        claudexTerminal?: {
          buffer: {
            active: {
              length: number;
              baseY: number;
              getLine(row: number): { translateToString(trim: boolean): string } | undefined;
            };
          };
        };
      }
    ).claudexTerminal;
    if (!terminal) return '';
    const { active } = terminal.buffer;
    const lines = [];
    for (let row = fromTop ? 0 : active.baseY; row < active.length; row++)
      lines.push(active.getLine(row)?.translateToString(true) ?? '');
    return lines.join('\n').trimEnd();
  }, above);
}
