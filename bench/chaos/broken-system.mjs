// Loaded by NODE_OPTIONS into every node process of a chaos run. While a file of that name is in the folder CHAOS_BREAK, the
// system of ours is broken in that way:
//   inotify      fs.watch fails as it does where no inotify instance is left, in all our processes
//   transcripts  the daemon can open no transcript
//   cut          the daemon's journal takes half of each line, and what was torn cannot be cut off
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const folder = process.env.CHAOS_BREAK;
const isDaemon = process.env.CLAUDEX_DAEMON === '1' && process.argv.includes('run');

if (folder) {
  const { existsSync, watch, openSync, readFileSync, open, writeSync, write, ftruncateSync, ftruncate } = fs;
  const isBroken = (what) => existsSync(join(folder, what));
  const failure = (code) => Object.assign(new Error(`${code}: broken by chaos`), { code });

  fs.watch = (...args) => {
    if (isBroken('inotify')) throw failure('ENOSPC');
    return watch(...args);
  };

  if (isDaemon) {
    const isTranscript = (path) => `${path}`.endsWith('.jsonl') && isBroken('transcripts');
    /** Descriptors of the journal: of the file itself, and of a new one that is to replace it. */
    const journals = new Set();
    const noted = (path, fd) => {
      if (`${path}`.includes('journal')) journals.add(fd);
      else journals.delete(fd);
      return fd;
    };
    fs.openSync = (path, ...rest) => {
      if (isTranscript(path)) throw failure('EACCES');
      return noted(path, openSync(path, ...rest));
    };
    fs.open = (path, ...rest) => {
      const done = rest.pop();
      if (isTranscript(path)) return process.nextTick(done, failure('EACCES'));
      open(path, ...rest, (error, fd) => done(error, error ? fd : noted(path, fd)));
    };
    fs.readFileSync = (path, ...rest) => {
      if (isTranscript(path)) throw failure('EACCES');
      return readFileSync(path, ...rest);
    };
    const isTorn = (fd) => journals.has(fd) && isBroken('cut');
    /** Half of what was to be written is; the rest finds the disk full. */
    const half = (data) => Buffer.from(data).subarray(0, Math.ceil(Buffer.byteLength(data) / 2));
    fs.writeSync = (fd, data, ...rest) => {
      if (!isTorn(fd)) return writeSync(fd, data, ...rest);
      writeSync(fd, half(data));
      throw failure('ENOSPC');
    };
    fs.write = (fd, data, ...rest) => {
      if (!isTorn(fd)) return write(fd, data, ...rest);
      const done = rest.pop();
      write(fd, half(data), () => done(failure('ENOSPC'), 0));
    };
    fs.ftruncateSync = (fd, ...rest) => {
      if (isTorn(fd)) throw failure('EIO');
      return ftruncateSync(fd, ...rest);
    };
    fs.ftruncate = (fd, ...rest) => {
      if (isTorn(fd)) return process.nextTick(rest.pop(), failure('EIO'));
      return ftruncate(fd, ...rest);
    };
  }
  syncBuiltinESMExports();
}
