/**
 * The environment claude gets: a copy of ours without what an outer Claude session has put there for its own children.
 * Handing those down breaks the inner one: no transcript, no session file, no start (field notes: cc#76269, cc#72347).
 * The user's own CLAUDE_CODE_* settings (CLAUDE_CODE_USE_BEDROCK, …) stay.
 */

/** Set by claude for its children (measured on 2.1.197 and 2.1.330); never the user's own choice. */
const sessionVariables = [
  'CLAUDECODE',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_CHILD_SESSION',
  'CLAUDE_CODE_CHILD_NOTES_DIR',
  'CLAUDE_CODE_SESSION_ATTENDED',
  'CLAUDE_CODE_MESSAGING_SOCKET',
  'CLAUDE_CODE_MESSAGING_TOKEN',
  'CLAUDE_CODE_EXECPATH',
  'CLAUDE_EFFORT',
  'CLAUDE_ENV_FILE',
  'CLAUDE_PID',
  'CLAUDE_PROJECT_DIR',
  // ours, for all that a warm process starts (src/warm): what it would start to stay is not a warm process's own
  'CLAUDEX_WARM',
];

export function environmentForClaude(env: NodeJS.ProcessEnv): Record<string, string> {
  const copy: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) copy[name] = value;
  }
  for (const name of sessionVariables) delete copy[name];
  return copy;
}
