/** First words decide: one of ours goes to the command program, everything else is claude's. Loads nothing it does not need. */
import { isOwnCommand } from './own-commands.ts';

const args = process.argv.slice(2);

if (isOwnCommand(args[0])) {
  const { runProgram } = await import('./program.ts');
  await runProgram(args);
} else {
  const { runClaude } = await import('./run-claude.ts');
  const explicit = args[0] === 'run' || args[0] === '--';
  await runClaude(explicit ? args.slice(1) : args);
}
