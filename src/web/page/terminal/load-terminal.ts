/** What draws terminals is a file of its own, which a page without one does not wait for. */

type Drawing = typeof import('./open-terminal.ts');

const firstPauseMs = 500;
const longestPauseMs = 5000;
let loading: Promise<Drawing> | undefined;

/** Asked for once for the whole page, and again as long as the server does not give it: it may be away at this moment. */
export function loadTerminal(): Promise<Drawing> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Drawing> {
  let pauseMs = firstPauseMs;
  for (let tries = 0; ; tries++) {
    try {
      // a browser asks once only for a module of one address: what failed stays failed
      return (await import(tries === 0 ? '/terminal.js' : `/terminal.js?again=${tries}`)) as Drawing;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}
