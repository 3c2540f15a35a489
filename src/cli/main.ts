/**
 * First words decide: one of ours goes to the command program, everything else is claude's. Built into one file with
 * what claude's start needs; the program stays outside it (bundle.mjs).
 */
import { nearestWord } from './start/nearest-word.ts';
import { isOwnCommand, ownCommands } from './start/own-commands.ts';

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`claudex: cannot start: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

async function main(args: string[]): Promise<void> {
  // each of these is started often: without the command program it starts sooner
  if (args[0] === 'mcp-server' && args.length === 1) {
    const { runMcpServer } = await import('../mcp/run-mcp-server.ts');
    return runMcpServer(process.env);
  }
  if (args[0] === 'daemon' && args[1] === 'wake') {
    const { wakeDaemon } = await import('../daemon-client/wake-daemon.ts');
    return wakeDaemon(process.env);
  }
  if (args[0] === 'prompt' && !asksForHelp(args)) {
    const { runPrompt } = await import('./prompt.ts');
    return runPrompt(args.slice(1), async (...asked) => (await import('./start/run-claude.ts')).runClaude(...asked));
  }
  if (args[0] === 'warm' && args[1] === 'run') {
    const { runWorker } = await import('../warm/worker/worker.ts');
    return runWorker(process.env);
  }
  if (args[0] === 'daemon' && args[1] === 'host' && args.length === 3) {
    const { runHostCommand } = await import('./commands/host.ts');
    return runHostCommand(args[2]!);
  }
  if (
    args[0] === 'attach' &&
    !process.env.CLAUDEX_HOST &&
    // options, and what may be of another machine, take the whole of the program
    !args.slice(1).some((word) => word.startsWith('-') || word.includes('@')) &&
    args.length <= 2
  ) {
    const { runAttach } = await import('./run-attach.ts');
    return runAttach(args[1]);
  }
  if (isOwnCommand(args[0])) {
    const { runProgram } = await import('./program.ts');
    return runProgram(args);
  }
  const { runClaude } = await import('./start/run-claude.ts');
  const explicit = args[0] === 'run' || args[0] === '--';
  if (!explicit && args[0] !== undefined && process.stderr.isTTY) {
    const near = nearestWord(args[0], ownCommands);
    // said before claude starts, which may mean it as its prompt
    if (near !== undefined)
      process.stderr.write(`claudex: "${args[0]}" goes to claude. Did you mean claudex ${near}?\n`);
  }
  return runClaude(explicit ? args.slice(1) : args);
}

/** `claudex prompt --help`: a prompt behind `--` may say what it likes. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
}
