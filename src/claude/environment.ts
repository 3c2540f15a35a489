/**
 * The environment claude gets: a copy of ours without what an outer Claude session has put there for its own children.
 * Handing those down breaks the inner one: no transcript, no session file, no start (docs/claude-facts.md#environment).
 * The user's own settings stay (CLAUDE_CODE_USE_BEDROCK, …), and what claude would set as well, where no claude is around us.
 */

/** Set by claude for its children (measured on 2.1.197 and 2.1.330); never the user's own choice. */
const sessionVariables = [
  'CLAUDECODE',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_CHILD_SESSION',
  'CLAUDE_CODE_CHILD_NOTES_DIR',
  'CLAUDE_CODE_SESSION_ATTENDED',
  'CLAUDE_CODE_MESSAGING_SOCKET',
  'CLAUDE_CODE_MESSAGING_TOKEN',
  'CLAUDE_CODE_EXECPATH',
  'CLAUDE_PID',
  // ours, for all that a warm process starts (src/warm): what it would start to stay is not a warm process's own
  'CLAUDEX_WARM',
  // ours, of the person who has commands done on another machine (src/far): no session is that person
  'CLAUDEX_TOKEN',
];

/** Either may tell that a claude is around us: its shells have the first, its hooks and MCP servers the second. */
const outerMarks = ['CLAUDECODE', 'CLAUDE_CODE_SESSION_ID'];

/**
 * Set by claude too, but honoured where the user sets them: CLAUDE_ENV_FILE is sourced before each command of its shell (measured
 * on 2.1.197 and 2.1.332). With the value that claude gives, where it is one that people give as well.
 */
const ambiguousVariables: ReadonlyArray<[name: string, value?: string]> = [
  ['CLAUDE_CODE_ENTRYPOINT'],
  ['CLAUDE_EFFORT'],
  ['CLAUDE_ENV_FILE'],
  ['CLAUDE_PROJECT_DIR'],
  ['AI_AGENT'],
  ['GIT_EDITOR', 'true'],
  ['COREPACK_ENABLE_AUTO_PIN', '0'],
  ['NoDefaultCurrentDirectoryInExePath', '1'],
];

export function environmentForClaude(env: NodeJS.ProcessEnv): Record<string, string> {
  const copy: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) copy[name] = value;
  }
  const isInside = outerMarks.some((name) => copy[name]);
  for (const [name, value] of isInside ? ambiguousVariables : []) {
    if (value === undefined || copy[name] === value) delete copy[name];
  }
  for (const name of sessionVariables) delete copy[name];
  return copy;
}

/** True where that environment is one that claude gives to what it starts: its shells, its hooks, its MCP servers. */
export function isInsideClaude(names: (name: string) => boolean): boolean {
  return [...outerMarks, 'CLAUDE_CODE_CHILD_SESSION'].some(names);
}
