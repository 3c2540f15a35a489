/**
 * First words decide: one of ours goes to the command program, everything else is claude's. Built into one file with
 * what claude's start needs; the program stays outside it.
 */
import { isOwnCommand } from './own-commands.ts';
import { runClaude } from './run-claude.ts';

const args = process.argv.slice(2);

if (isOwnCommand(args[0])) {
  import('./program.ts').then(({ runProgram }) => runProgram(args)).catch(cannotStart);
} else {
  const explicit = args[0] === 'run' || args[0] === '--';
  runClaude(explicit ? args.slice(1) : args).catch(cannotStart);
}

function cannotStart(error: unknown): void {
  process.stderr.write(`claudex: cannot start: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
