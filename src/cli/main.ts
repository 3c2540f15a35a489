/** First words decide: one of ours goes to the command program, everything else is claude's. Loads nothing it does not need. */
import { isOwnCommand } from './own-commands.ts';

const args = process.argv.slice(2);

if (args[0] === 'prompt' && !asksForHelp(args)) {
  const { runPrompt } = await import('./prompt.ts');
  await runPrompt(args.slice(1));
} else if (args[0] === 'warm' && args[1] === 'run') {
  const { runWorker } = await import('../warm/worker.ts');
  await runWorker(process.env);
} else if (isOwnCommand(args[0])) {
  const { runProgram } = await import('./program.ts');
  await runProgram(args);
} else {
  const { runClaude } = await import('./run-claude.ts');
  const explicit = args[0] === 'run' || args[0] === '--';
  await runClaude(explicit ? args.slice(1) : args);
}

/** `claudex prompt --help`: a prompt behind `--` may say what it likes. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
}
