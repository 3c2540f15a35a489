/** First words decide: one of ours goes to the command program, everything else is claude's. Loads nothing it does not need. */
import { isOwnCommand } from './own-commands.ts';

const args = process.argv.slice(2);

if (args[0] === 'mcp-server' && args.length === 1) {
  // once per session of claude: without the command program it starts sooner
  const { runMcpServer } = await import('../mcp/run-mcp-server.ts');
  await runMcpServer(process.env);
} else if (isOwnCommand(args[0])) {
  const { runProgram } = await import('./program.ts');
  await runProgram(args);
} else {
  const { runClaude } = await import('./run-claude.ts');
  const explicit = args[0] === 'run' || args[0] === '--';
  await runClaude(explicit ? args.slice(1) : args);
}
