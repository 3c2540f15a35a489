import type { Command } from 'commander';
import { runPrompt } from '../prompt.ts';

/** Only for help and completion: the command itself is run by main.ts, without commander (src/cli/prompt.ts). */
export function addPrompt(program: Command): void {
  program
    .command('prompt [prompt...]')
    .description('one answer, as `claude -p` gives it, from a claude that is already running')
    .usage('[options] [arguments of claude -p] [prompt]')
    .option('--cold', 'run `claude -p` itself')
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
Takes what \`claude -p\` takes: --model, --allowedTools, --output-format, --json-schema, --max-turns, --append-system-prompt,
--mcp-config, --add-dir, …; standard input is added to the prompt. What a warm process cannot do (--continue, --resume,
--session-id, …) is refused, or run cold with --cold.

Examples:
  claudex prompt "what does this project do?"
  git diff | claudex prompt "review this" --output-format json | jq -r .result`,
    )
    .action(async (_words: string[], options: { cold?: boolean }, command: Command) => {
      const { runClaude } = await import('../start/run-claude.ts');
      await runPrompt([...(options.cold ? ['--cold'] : []), ...command.args], runClaude);
    });
}
