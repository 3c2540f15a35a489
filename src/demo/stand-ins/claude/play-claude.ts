/**
 * A stand-in for claude in a terminal, for the demo on a machine that has none, for tests and for chaos: prompt box, bracketed
 * paste, session file, transcript, hooks, status line, inbox socket, and turns by a scenario. It does what the measured facts say
 * that claude does (docs/claude-facts.md), and nothing of what they do not mention. A program of its own: the first argument is
 * the scenario's file, the others are claude's.
 */
import { readFileSync } from 'node:fs';
import { Hooks } from './hooks.ts';
import { listenForPeers } from './inbox.ts';
import { Keys } from './keys.ts';
import { behaviourOf, readScenario, ruleFor, type Scenario } from './scenario.ts';
import { Screen } from './screen.ts';
import { SessionOnDisk } from './session-on-disk.ts';
import { Turns } from './turns.ts';

async function playClaude(scenario: Scenario, args: readonly string[]): Promise<void> {
  const { exitCode = 0 } = scenario;
  const behaviour = behaviourOf(scenario);
  if (args.includes('--version') || args.includes('-v')) {
    process.stdout.write(`${behaviour.version} (stand-in for Claude Code)\n`);
    return;
  }
  if (args.includes('-p') || args.includes('--print')) {
    const prompt = args.at(-1)!.startsWith('-') ? readFileSync(0, 'utf8').trim() : args.at(-1)!;
    process.stdout.write(`${ruleFor(scenario, prompt).says ?? `ECHO: ${prompt}`}\n`);
    process.exitCode = exitCode;
    return;
  }

  const given = wordAfter(args, '--session-id');
  const resumed = wordAfter(args, '--resume');
  const session = new SessionOnDisk(behaviour, resumed ?? given);
  if (resumed !== undefined && !session.isKnown) return refuse(`No conversation found with session ID: ${resumed}`);
  if (resumed === undefined && given !== undefined && session.isKnown)
    return refuse(`Error: Session ID ${given} is already in use.`);
  const screen = new Screen();
  const hooks = new Hooks(session, args, behaviour.wakes ? wake : undefined);
  const turns = new Turns({ scenario, behaviour, session, hooks, screen, exit: () => end('prompt_input_exit') });
  const keys = new Keys(screen, turns, () => end('prompt_input_exit'));
  let isEnding = false;

  function wake(text: string): void {
    if (isEnding) return;
    session.record({ type: 'queue-operation', operation: 'enqueue', content: text });
    turns.submit(text, 'system');
  }

  function end(reason: string): void {
    if (isEnding) return;
    isEnding = true;
    const leave = (): void => {
      session.remove();
      process.stdout.write('\r\n\x1b[?2004l\x1b[?1004l');
      process.exit(exitCode);
    };
    setTimeout(leave, scenario.endHooksMs ?? 60_000);
    void hooks.fire('SessionEnd', { reason }).then(leave);
  }

  process.stdout.on('error', () => undefined); // the terminal may be gone
  if (session.inboxPath !== undefined) {
    await listenForPeers(session.inboxPath, (prompt) => turns.submit(prompt, 'peer'));
  }
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin
    .setEncoding('utf8')
    .on('data', (text: string) => {
      if (!isEnding) keys.take(text);
    })
    .on('end', () => end('other'))
    .on('error', () => end('other'));
  for (const signal of ['SIGHUP', 'SIGTERM'] as const) process.on(signal, () => end('other'));
  process.on('SIGWINCH', () => screen.draw());

  process.stdout.write('\x1b[?2004h\x1b[?1004h');
  session.setStatus('idle');
  screen.draw(`stand-in for claude ${behaviour.version}`, `  ${session.cwd}`, '');
  const source = resumed === undefined ? 'startup' : 'resume';
  const started = await hooks.fire('SessionStart', { source, model: 'stand-in' });
  session.recordContexts(started.contexts, 'SessionStart');
  void turns.refreshBadge();
  if (args.length === 1 && !args[0]!.startsWith('-')) turns.submit(args[0]!, 'typed');
}

function wordAfter(args: readonly string[], option: string): string | undefined {
  const at = args.indexOf(option);
  return at < 0 ? undefined : args[at + 1];
}

/** It ends at once. */
function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}

const [scenarioPath, ...args] = process.argv.slice(2);
await playClaude(readScenario(scenarioPath!), args);
