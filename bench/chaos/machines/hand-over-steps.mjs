// Loaded by NODE_OPTIONS into every node process of a run. While the file CHAOS_DIE_AT names a step of the hand-over between machines, the
// daemon or bridge that comes to it first takes the file away and ends as by `kill -9`, right there. Steps are known by what our own
// processes write: the lines of the journal, what goes to the server and what comes from it.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const file = process.env.CHAOS_DIE_AT;
const line = process.argv.join(' ');
const { readFileSync, unlinkSync, writeSync } = fs;

function dieAt(step) {
  try {
    if (readFileSync(file, 'utf8') !== step) return;
    unlinkSync(file);
  } catch {
    return; // nobody is to die
  }
  process.kill(process.pid, 'SIGKILL');
}

/** Steps of the daemon: right after that line stands in the journal. */
const journalSteps = [
  ['accepted into the outbox', /^\{"t":"accept",(?!"endedAt").*"recipient":\{[^}]*"machine":/],
  ['given to the bridge', /^\{"t":"state",.*"state":"sent"/],
  ['accepted from another machine', /^\{"t":"accept",(?!"endedAt").*"sender":\{[^}]*"machine":/],
  ['confirmed by the other machine', /^\{"t":"state",.*"state":"arrived"/],
  ['answered by the other machine', /^\{"t":"state",.*"state":"answered",.*"rev":/],
];
/** Steps of the bridge, before and after something is said to the server. */
const saidSteps = [
  ['a message is said', 'PUB claudex.mail.', '"kind":"message"'],
  ['a word is said back', 'PUB claudex.mail.', '"kind":"states"'],
  ['mail is acknowledged', 'PUB $JS.ACK.CLAUDEX_MAIL_', ''],
];
/** Steps of the bridge, when something has come from the server and before anything is done about it. */
const heardSteps = [
  ['the server has mail', '"stream":"CLAUDEX_MAIL_', '"seq":'],
  ['a message comes', 'MSG claudex.mail.', '"kind":"message"'],
  ['a word comes', 'MSG claudex.mail.', '"kind":"states"'],
];

if (file && process.env.CLAUDEX_DAEMON === '1' && / daemon run$/.test(line)) {
  fs.writeSync = (fd, data, ...rest) => {
    const written = writeSync(fd, data, ...rest);
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
    if (text.startsWith('{"t":"')) for (const [step, is] of journalSteps) if (is.test(text)) dieAt(step);
    return written;
  };
  syncBuiltinESMExports();
}

if (file && / mesh bridge$/.test(line)) {
  const holds = (data, ...words) => {
    const text = Buffer.from(data);
    return words.every((word) => text.includes(word));
  };
  const { write, emit } = net.Socket.prototype;
  net.Socket.prototype.write = function (data, ...rest) {
    const said = saidSteps.filter(([, ...words]) => holds(data, ...words));
    for (const [step] of said) dieAt(`before ${step}`);
    if (said.length === 0) return write.call(this, data, ...rest);
    const done = rest.findLast((one) => typeof one === 'function');
    return write.call(this, data, ...rest.filter((one) => one !== done), (error) => {
      for (const [step] of said) dieAt(`after ${step}`);
      done?.(error);
    });
  };
  net.Socket.prototype.emit = function (name, data, ...rest) {
    if (name === 'data' && data) for (const [step, ...words] of heardSteps) if (holds(data, ...words)) dieAt(step);
    return emit.call(this, name, data, ...rest);
  };
}
