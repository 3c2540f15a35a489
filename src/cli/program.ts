/** The commander program: every command of ours, with one way to report errors and exit codes. */
import { Command, CommanderError } from 'commander';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { asHomeError } from '../home/private-folder.ts';
import { addAnswer, addApprove, addDeny } from './commands/answer.ts';
import { addAttach, addDetach, addPeek } from './commands/attach.ts';
import { addBoard } from './commands/board.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDaemon } from './commands/daemon.ts';
import { addDemo } from './commands/demo.ts';
import { addFarHost } from './commands/far-host.ts';
import { addHistory } from './commands/history.ts';
import { addInbox } from './commands/inbox.ts';
import { addInstall } from './commands/install.ts';
import { addForget, addRestart, addResume, addStop } from './commands/lifecycle.ts';
import { addList } from './commands/list.ts';
import { addMcpServer } from './commands/mcp-server.ts';
import { addMesh } from './commands/mesh.ts';
import { addName } from './commands/name.ts';
import { addPrompt } from './commands/prompt.ts';
import { addSearch } from './commands/search.ts';
import { addSend } from './commands/send.ts';
import { addServe } from './commands/serve.ts';
import { addService } from './commands/service.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addDown, addUp } from './commands/up.ts';
import { addUsage } from './commands/usage.ts';
import { addWaiting } from './commands/waiting.ts';
import { addWarm } from './commands/warm.ts';
import { addWeb } from './commands/web.ts';
import { addWhoami } from './commands/whoami.ts';
import { goWhereAsked } from './far/go-where-asked.ts';
import { refuseOverMesh } from './far/refuse-over-mesh.ts';
import { nearestWord } from './start/nearest-word.ts';
import { printError } from './text/print-error.ts';
import { versionText } from './version.ts';

/** Runs one of our commands; sets the exit code. */
export async function runProgram(all: readonly string[]): Promise<void> {
  // `claudex send | head`: the reader has had enough
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  // `claudex ask … 2>&1 >answer | head`: the reader of the progress has gone, but the answer still goes to its file
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  if (all.length === 1 && ['--version', '-v', '-V', 'version'].includes(all[0]!)) {
    process.stdout.write(await versionText(process.env));
    return;
  }
  const program = buildProgram();
  try {
    const args = await goWhereAsked(all);
    if (args[0] === 'help' && args[1] !== undefined) refuseUnknownHelp(program, args[1]);
    await program.parseAsync(withExplicitWait(args), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const known = toClaudexError(asHomeError(error, claudexPaths().home));
    printError(known);
    process.exitCode = known.exitCode;
  }
}

function refuseUnknownHelp(program: Command, word: string): void {
  const names = program.commands.map((command) => command.name());
  if (names.includes(word) || word.startsWith('-') || word === 'help') return;
  const near = nearestWord(word, names);
  throw new ClaudexError(
    'USAGE',
    `There is no command "${word}".${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}

/** A bare `--wait` takes no value from the words after it: only what reads as a duration is one. Behind `--` all is text. */
function withExplicitWait(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((word, index) => {
    if (
      word !== '--wait' ||
      args[0] !== 'send' ||
      index > end ||
      /^\d+(\.\d+)?(ms|s|m|h|d)?(\d.*)?$/.test(args[index + 1] ?? '')
    )
      return word;
    return '--wait=forever';
  });
}

/** The whole command tree (also read by the docs test and the completions). */
export function buildProgram(): Command {
  const program = new Command('claudex')
    .description('Runs claude as usual, and puts work into any running session from any shell.')
    .usage('[claude arguments…]  |  <command>')
    .helpCommand('help [command]', 'show help for a command')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('Fix: run `claudex help` or `claudex <command> --help`.')
    .addHelpText(
      'after',
      `
Everything else goes to claude:
  claudex                      start claude in this folder
  claudex --continue           any of claude's own arguments
  claudex run …, claudex -- …  always claude, even where a word is also a command of ours
  claudex -- --help            claude's own help

Examples:
  claudex send api "rerun the migration check"
  claudex ask . "what are you working on?"
  claudex list --watch
  claudex history api
  claudex --host devbox list   a command on another machine (claudex help host)

Exit codes: 0 done, 1 our bug, 2 wrong usage, 3 you can fix it, 4 timed out waiting, 5 the message failed, 6 a person is needed, 7 nothing found.`,
    );
  addSend(program);
  addInbox(program);
  addList(program);
  addBoard(program);
  addStart(program);
  addAttach(program);
  addDetach(program);
  addPeek(program);
  addStop(program);
  addResume(program);
  addRestart(program);
  addForget(program);
  addUp(program);
  addDown(program);
  addService(program);
  addWaiting(program);
  addApprove(program);
  addDeny(program);
  addAnswer(program);
  addName(program);
  addHistory(program);
  addSearch(program);
  addUsage(program);
  addWhoami(program);
  addStatus(program);
  addConfig(program);
  addInstall(program);
  addDaemon(program);
  addPrompt(program);
  addWarm(program);
  addServe(program);
  addWeb(program);
  addMesh(program);
  addFarHost(program);
  addDemo(program);
  addMcpServer(program);
  addCompletion(program);
  program
    .command('version')
    .description('print the versions of claudex and claude (as --version does)')
    .addHelpText('after', '\nExample:\n  claudex version');
  refuseOverMesh(program);
  for (const command of program.commands) inherit(command, 'claudex');
  return program;
}

/** Subcommands report errors as the program does. */
function inherit(command: Command, parent: string): void {
  const words = `${parent} ${command.name()}`;
  command.exitOverride();
  if (!['send', 'ask'].includes(command.name())) command.showHelpAfterError(`Fix: run \`${words} --help\`.`);
  for (const child of command.commands) inherit(child, words);
}
