/** Runs `claudex` from a shell that is nobody's child: what runs below a test that stands as a session speaks as that session. */
import { claudexBin } from './claudex-bin.ts';
import { type RunOptions, type RunResult, run } from './run-command.ts';

/** As `runClaudex`, cut loose from this process: its shell is an orphan before it starts. */
export async function runClaudexFromElsewhere(args: readonly string[], options: RunOptions): Promise<RunResult> {
  // the orphan waits until its parent, whose pid it knows, is gone
  const script = '(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; "$0" "$@"; echo "exit $?") &';
  const result = await run('/bin/sh', ['-c', script, process.execPath, claudexBin, ...args], options);
  const [, stdout = '', code] = /^([\s\S]*)exit (\d+)\n$/.exec(result.stdout) ?? [];
  return { ...result, stdout, code: Number(code) };
}
