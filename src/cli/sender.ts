/** Who speaks when this command sends: the user at a shell, or the session this shell runs in. */
import { hostname } from 'node:os';
import type { DaemonClient } from '../daemon-client/client.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudeConfigDir } from '../home/paths.ts';
import { sessionAsSender } from '../protocol/attribution.ts';
import type { Sender } from '../protocol/message.ts';
import type { SessionRecord } from '../protocol/session.ts';
import { shortPath } from './text/render.ts';

/** Of a path the end tells most. */
const maxFolderChars = 40;

/**
 * A shell inside a session (claude's Bash tool, a hook) speaks as that session, a peer; so does `--from`.
 * Everything else is the user.
 */
export async function senderOf(
  client: DaemonClient,
  env: NodeJS.ProcessEnv,
  from: string | undefined,
): Promise<Sender> {
  const isInside = Boolean(env.CLAUDECODE || env.CLAUDE_CODE_SESSION_ID);
  const cwd = currentFolder();
  if (!isInside && from === undefined) {
    const folder = cwd === undefined ? 'a folder that is gone' : ending(shortPath(cwd), maxFolderChars);
    return { kind: 'user', label: `the user’s shell in ${folder} on ${ending(hostname(), maxFolderChars)}` };
  }
  if (from === '') throw new ClaudexError('USAGE', '--from takes a name.');
  const session = isInside ? await ownSession(client, env) : undefined;
  if (!session)
    return { kind: 'peer', label: from?.slice(0, 200) ?? 'another Claude session', ...(cwd !== undefined && { cwd }) };
  return { ...sessionAsSender(session), ...(from !== undefined && { label: from.slice(0, 200) }) };
}

function ending(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `…${text.slice(1 - maxChars).replace(/^[\udc00-\udfff]/, '')}`;
}

/** Undefined when it has been removed. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // ENOENT: removed under us
  }
}

/** The session that this command runs below. Undefined where there is none, or one that nobody keeps a record of (`claude -p`). */
export async function ownSession(client: DaemonClient, env: NodeJS.ProcessEnv): Promise<SessionRecord | undefined> {
  try {
    return await client.whoami([process.ppid], claudeConfigDir(env));
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'NOT_IN_A_SESSION') throw error;
    return undefined;
  }
}
