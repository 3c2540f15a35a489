/** What the stand-in for claude is told to do, as JSON. Whatever is left out is as the real one does it. */
import { readFileSync } from 'node:fs';
import { isAtLeast } from '../../../home/package.ts';

export interface Scenario {
  /**
   * The release whose behaviour it copies: hooks wake an idle session from 2.1.107 on, there is an inbox socket from 2.1.224 on,
   * and a prompt that is queued is reported at once from 2.1.330 on.
   */
  version?: string;
  /** What becomes of a prompt: the first rule that fits it. A prompt that no rule fits is said back at once. */
  turns?: readonly TurnRule[];
  /** The exit code at the end of a session. */
  exitCode?: number;
  /** How long the hooks of the end may take, in milliseconds, before the stand-in ends all the same. */
  endHooksMs?: number;
}

export interface TurnRule {
  /** A regular expression that the prompt has to match. Absent: every prompt does. */
  prompt?: string;
  /** How long the answer takes, in milliseconds. */
  afterMs?: number;
  /** The answer. Absent: what the turn was given, said back. */
  says?: string;
  /** The answer is what the Messages API at ANTHROPIC_BASE_URL says. */
  asksApi?: boolean;
}

/** What follows from the version. */
export interface Behaviour {
  version: string;
  wakes: boolean;
  hasInbox: boolean;
  reportsQueuedPrompts: boolean;
}

export function readScenario(path: string): Scenario {
  return JSON.parse(readFileSync(path, 'utf8')) as Scenario;
}

export function behaviourOf({ version = '2.1.197' }: Scenario): Behaviour {
  return {
    version,
    wakes: isAtLeast(version, '2.1.107'),
    hasInbox: isAtLeast(version, '2.1.224'),
    reportsQueuedPrompts: isAtLeast(version, '2.1.330'),
  };
}

/** The rule for that prompt. */
export function ruleFor({ turns = [] }: Scenario, prompt: string): TurnRule {
  return turns.find((rule) => rule.prompt === undefined || new RegExp(rule.prompt).test(prompt)) ?? {};
}
