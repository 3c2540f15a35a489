/**
 * What claude asks a person before it shows its prompt box, read from the screen: most of these questions come before claude has
 * written its session file, and no hook tells of them (docs/claude-facts.md#start-questions). Nobody but a person answers them. Pure.
 */
import type { StartQuestion } from '../../protocol/session.ts';
import { type BoxRow, readPromptBox } from './prompt-box.ts';

/** Below the lowest one of these stands the dialog. */
const ruleAbove = /^[─━▔]{10,}/;

/** How each dialog begins, its lines joined: a narrow terminal breaks them anywhere. */
const beginnings: ReadonlyArray<readonly [StartQuestion, RegExp]> = [
  ['trust', /^Accessing workspace: /],
  ['mcp servers', /^(?:New MCP server|\d+ new MCP servers) found in this project/],
  ['log-in', /^(?:Welcome to Claude Code .*|Login .*)?Select login method:/],
  ['onboarding', /^Welcome to Claude Code .*(?:Let's get started\.|Security notes:|Press Enter to continue)/],
  ['bypass consent', /^WARNING: Claude Code running in Bypass Permissions mode/],
  ['api key', /^Detected a custom API key in your environment/],
  ['external imports', /^Allow external CLAUDE\.md file imports\?/],
  ['settings error', /^Settings Error /],
];

const selectedLine = /^\s*❯ \S/u;
const howToAnswer = /(?:Enter to (?:confirm|continue)|Esc to (?:cancel|reject|exit|disable))/;
/** At the right end of the line below the prompt box (2.1.197; 2.1.332 says it in answer to a prompt only). */
const notLoggedIn = / Not logged in · Run \/login/;

/** Null where claude asks nothing that is known as such; `question` for a dialog that is not known. */
export function readStartQuestion(rows: readonly BoxRow[]): StartQuestion | null {
  const lowest = rows.slice(rows.findLastIndex((row) => ruleAbove.test(row.text)) + 1);
  const text = lowest
    .map((row) => row.text.trim())
    .filter((line) => line !== '')
    .join(' ');
  if (readPromptBox(rows).kind !== 'unknown') return notLoggedIn.test(text) ? 'log-in' : null;
  const known = beginnings.find(([, beginning]) => beginning.test(text));
  if (known) return known[0];
  return lowest.some((row) => selectedLine.test(row.text)) && howToAnswer.test(text) ? 'question' : null;
}
