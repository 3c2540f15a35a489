/** What most integration and e2e tests need: homes and an API stand-in, closed and leak-checked after each test. */

import { createHermeticHome, type HermeticHome, type HermeticHomeOptions } from './hermetic-home.ts';
import { installLeakCheck } from './leak-check.ts';
import { type LoopbackApi, type LoopbackReply, type LoopbackScript, startLoopbackApi } from './loopback-api.ts';
import { registerResource } from './resources.ts';

export interface TestBed {
  /** A new hermetic home. */
  home(options?: HermeticHomeOptions): HermeticHome;
  /** A new API stand-in; it answers `ok` unless told otherwise. */
  api(script?: LoopbackScript | LoopbackReply): Promise<LoopbackApi>;
  /** Runs `fn` after the test, in reverse order with everything else that was opened. */
  defer(fn: () => void | Promise<void>): void;
}

/** Call once inside a `describe`; everything opened through the support modules is closed after each test. */
export function useTestBed(): TestBed {
  installLeakCheck();
  return {
    home: (options) => createHermeticHome(options),
    api: async (script = { text: 'ok' }) => {
      const api = await startLoopbackApi(typeof script === 'function' ? script : () => script);
      registerResource({ label: `API stand-in ${api.url}`, dispose: () => api.close() });
      return api;
    },
    defer: (fn) => {
      registerResource({ label: 'deferred function', dispose: fn });
    },
  };
}
