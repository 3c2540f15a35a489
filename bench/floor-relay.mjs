// The least a relay in Node can be: node-pty, bytes as they come, both ways. What Node costs, without claudex.
import pty from 'node-pty';

const [file, ...args] = process.argv.slice(2);
const { columns: cols, rows } = process.stdout;
const child = pty.spawn(file, args, { cols, rows, env: { ...process.env }, name: process.env.TERM, encoding: null });
process.stdin.setRawMode(true);
process.stdin.on('data', (keys) => child.write(keys));
child.onData((bytes) => process.stdout.write(bytes));
child.onExit(({ exitCode }) => process.exit(exitCode));
