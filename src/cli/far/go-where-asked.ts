/** `claudex --host <name or address> <command>`, and CLAUDEX_HOST: which commands go to another machine, and that they do. */
import { goElsewhere } from '../../daemon-client/elsewhere.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { refuseSession } from '../not-by-a-session.ts';
import { calledWithHost } from './called-as.ts';

/** The commands that work on another machine. */
export const farCommands: readonly string[] = [
  'list',
  'send',
  'ask',
  'inbox',
  'waiting',
  'approve',
  'deny',
  'answer',
  'start',
  'attach',
  'detach',
  'peek',
  'stop',
  'resume',
  'restart',
  'forget',
  'history',
  'show',
  'search',
  'status',
];

/** Commands about sessions that work here alone: whoever has CLAUDEX_HOST set may mean the other machine's, so they are refused then. */
const hereOnly = ['board', 'name', 'usage', 'up', 'down'];

/**
 * The command's own words. Where they are meant for another machine, all that the command asks of a daemon goes there from now on. The token of
 * a person is no session's: below a claude, nothing goes there.
 * @throws ClaudexError USAGE, NOT_FROM_AFAR, NOT_BY_A_SESSION, NO_SUCH_MACHINE, FAR_TOKEN_MISSING, FAR_URL, FAR_PLAIN_HTTP
 */
export async function goWhereAsked(words: readonly string[]): Promise<readonly string[]> {
  const { host, command } = hostIn(words);
  const wanted = host ?? process.env.CLAUDEX_HOST ?? '';
  const env = { ...process.env };
  // whatever this command starts does not get it
  delete process.env.CLAUDEX_TOKEN;
  const [word = ''] = command;
  // behind `--` it is a text for a session, which must not get to one of that name here
  const end = command.includes('--') ? command.indexOf('--') : command.length;
  if (host === undefined && farCommands.includes(word)) refuseHostBehind(command.slice(1, end));
  if (wanted === '') return command;
  const isHelp = command.slice(0, end).some((one) => one === '--help' || one === '-h');
  if (isHelp) return command;
  if (!farCommands.includes(word)) {
    if (host !== undefined) throw notFromAfar(word);
    // a `down` in a script must not stop the wrong sessions
    if (hereOnly.includes(word))
      throw new ClaudexError('NOT_FROM_AFAR', `CLAUDEX_HOST names ${wanted}; unset it to run ${word} here.`);
    return command;
  }
  await refuseSession(env);
  const { machineElsewhere } = await import('../../far/far-command.ts');
  goElsewhere(machineElsewhere(env, wanted));
  if (host !== undefined) calledWithHost(host);
  return command;
}

/** @throws ClaudexError USAGE */
function hostIn(words: readonly string[]): { host?: string; command: readonly string[] } {
  const [first = '', second] = words;
  const isOneWord = first.startsWith('--host=');
  if (!isOneWord && first !== '--host') return { command: words };
  const host = isOneWord ? first.slice('--host='.length) : second;
  // what a shell makes of an unset variable must not mean this machine
  if (!host) throw new ClaudexError('USAGE', '--host takes the name or the address of a machine.');
  return { host, command: words.slice(isOneWord ? 1 : 2) };
}

/** @throws ClaudexError USAGE */
function refuseHostBehind(options: readonly string[]): void {
  const at = options.findIndex((one) => one === '--host' || one.startsWith('--host='));
  if (at === -1) return;
  throw new ClaudexError('USAGE', '--host stands in front of the command: claudex --host devbox list.');
}

function notFromAfar(word: string): ClaudexError {
  const what = word === '' ? 'No command stands behind --host' : `"${word.slice(0, 80)}" is none of them`;
  return new ClaudexError('NOT_FROM_AFAR', `${what}. From elsewhere work: ${farCommands.join(', ')}.`);
}
