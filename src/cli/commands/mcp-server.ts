import type { Command } from 'commander';

export function addMcpServer(program: Command): void {
  program
    .command('mcp-server')
    .description('be the MCP server that gives claude the tools of claudex (stdin and stdout; claude starts it)')
    .addHelpText(
      'after',
      '\n`claudex install` tells claude of it. By hand:\n\nExample:\n  claude mcp add -s user claudex -- claudex mcp-server',
    )
    .action(async () => {
      const { runMcpServer } = await import('../../mcp/run-mcp-server.ts');
      await runMcpServer(process.env);
    });
}
