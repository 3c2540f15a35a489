/**
 * First words decide: one of ours goes to the command program, everything else is claude's. Built into one file with
 * what claude's start needs; the program stays outside it (bundle.mjs).
 */
import { isOwnCommand } from './own-commands.ts';
import { runClaude } from './run-claude.ts';

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`claudex: cannot start: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

async function main(args: string[]): Promise<void> {
  if (args[0] === 'mcp-server' && args.length === 1) {
    // once per session of claude: without the command program it starts sooner
    const { runMcpServer } = await import('../mcp/run-mcp-server.ts');
    return runMcpServer(process.env);
  }
  if (isOwnCommand(args[0])) {
    const { runProgram } = await import('./program.ts');
    return runProgram(args);
  }
  const explicit = args[0] === 'run' || args[0] === '--';
  return runClaude(explicit ? args.slice(1) : args);
}
