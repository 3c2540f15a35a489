/** With what the claude of a workspace is started: the workspace's own environment and arguments, nobody else's. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { claudeArguments } from '../warm/options.ts';
import type { LaunchSpec } from '../warm/pool/stream-child.ts';
import type { MessageRequest } from './message-request.ts';
import type { Workspace } from './workspaces.ts';

/** What a program needs to run here. No credential, and nothing that steers claude: those are each workspace's own. */
const passedOn: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TERM',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]);

/** What of our own environment the processes of every workspace get. */
export function commonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => passedOn.has(name) || passedOn.has(name.toUpperCase()) || name.startsWith('LC_'),
    ),
  );
}

/** Read anew for each request: a changed credential counts from the next one on. */
export function workspaceLaunch(
  file: string,
  workspace: Workspace,
  request: Pick<MessageRequest, 'model' | 'system'> & { cwd: string },
  env: NodeJS.ProcessEnv,
): LaunchSpec {
  const mcpConfig = join(workspace.state, 'mcp.json');
  return {
    file,
    args: [
      '--include-partial-messages',
      ...claudeArguments({
        model: request.model,
        ...(request.system !== undefined && { appendSystemPrompt: request.system }),
        ...(existsSync(mcpConfig) && { mcpConfig }),
      }),
    ],
    cwd: request.cwd,
    env: {
      ...commonEnvironment(env),
      CLAUDE_CONFIG_DIR: join(workspace.state, 'claude'),
      ...readEnvFile(join(workspace.state, 'env')),
    },
  };
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
}
