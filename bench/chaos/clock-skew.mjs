// Loaded by NODE_OPTIONS into every node process of a chaos run; acts in the daemon alone: its wall clock is off by the
// milliseconds in the file CHAOS_CLOCK. Timers go on as they are, as on a machine whose clock is set.
import { readFileSync } from 'node:fs';

if (process.env.CLAUDEX_DAEMON === '1' && process.argv.includes('run')) {
  const RealDate = Date;
  let offsetMs = 0;
  const look = () => {
    try {
      offsetMs = Number(readFileSync(process.env.CHAOS_CLOCK, 'utf8')) || 0;
    } catch {
      offsetMs = 0; // no file: the clock is right
    }
  };
  look();
  setInterval(look, 50).unref();
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + offsetMs);
      else super(...args);
    }
    static now() {
      return RealDate.now() + offsetMs;
    }
  };
}
