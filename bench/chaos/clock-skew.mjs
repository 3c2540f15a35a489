// Loaded by NODE_OPTIONS into every node process of a run; acts in our background processes alone, the daemon, the bridge and the worker
// of `claudex prompt`: their time of day is off by the milliseconds in the file CHAOS_CLOCK. Timers go on as they are, as on a
// machine whose clock is set.
import { readFileSync } from 'node:fs';

if (/ ((daemon|warm) run|mesh bridge)$/.test(process.argv.join(' '))) {
  const RealDate = Date;
  const skewedNow = () => {
    try {
      return RealDate.now() + (Number(readFileSync(process.env.CHAOS_CLOCK, 'utf8')) || 0);
    } catch {
      return RealDate.now(); // no file: the clock is right
    }
  };
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(skewedNow());
      else super(...args);
    }
    static now() {
      return skewedNow();
    }
  };
}
