/**
 * The demo's throw-away world: one temporary folder that is HOME, CLAUDEX_HOME and TMPDIR at once, holds both projects and
 * an onboarded claude, and an environment that knows nothing of the user's own (docs/claude-facts.md#environment).
 */
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** Nobody's key: claude wants one, the stand-in API takes any. Claude remembers an approved key by its last 20 characters. */
const demoApiKey = 'sk-ant-claudex-demo-000000000000000000';

export const projectNames = ['api', 'web'] as const;
export type ProjectName = (typeof projectNames)[number];

export interface DemoHome {
  /** The folder that holds everything; short, as unix socket paths are. */
  root: string;
  project(name: ProjectName): string;
  /** The whole environment of everything the demo starts; `claude` is the binary to run. */
  env(apiUrl: string, claude: string): Record<string, string>;
  remove(): Promise<void>;
}

/** Creates it below /tmp (or the system's temporary folder where there is none). */
export function createDemoHome(): DemoHome {
  const root = realpathSync(makeRoot());
  const project = (name: ProjectName): string => join(root, name);
  mkdirSync(join(root, 'tmp'));
  for (const name of projectNames) mkdirSync(project(name));
  const trusted = projectNames.map((name) => [project(name), { hasTrustDialogAccepted: true }]);
  writeFileSync(
    join(root, '.claude.json'),
    JSON.stringify({
      hasCompletedOnboarding: true,
      theme: 'dark',
      customApiKeyResponses: { approved: [demoApiKey.slice(-20)], rejected: [] },
      projects: Object.fromEntries(trusted),
    }),
  );
  return {
    root,
    project,
    env: (apiUrl, claude) => ({
      // the hooks need sh and curl, a claude from npm needs node
      PATH: [dirname(process.execPath), process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      HOME: root,
      TMPDIR: join(root, 'tmp'),
      CLAUDE_CODE_TMPDIR: join(root, 'tmp'),
      CLAUDEX_HOME: join(root, '.claudex'),
      CLAUDEX_CLAUDE_BIN: claude,
      ANTHROPIC_BASE_URL: apiUrl,
      ANTHROPIC_API_KEY: demoApiKey,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_ERROR_REPORTING: '1',
    }),
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
  };
}

function makeRoot(): string {
  try {
    return mkdtempSync('/tmp/cxd-');
  } catch {
    return mkdtempSync(join(tmpdir(), 'cxd-')); // no /tmp, or not ours to write
  }
}
