/** What the real claude asks before its prompt box: `start` and `list` name it, nobody answers it, and a message waits for it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { useTestBed } from '../../support/test-bed.ts';

interface Case {
  waitingFor: string;
  /** Makes claude ask. */
  prepare?: (home: HermeticHome) => void;
  args?: string[];
}

function withoutState(...fields: string[]): (home: HermeticHome) => void {
  return (home) => {
    const path = join(home.home, '.claude.json');
    const state = JSON.parse(readFileSync(path, 'utf8'));
    for (const field of fields) delete state[field];
    writeFileSync(path, JSON.stringify(state));
  };
}

function withServers(...names: string[]): (home: HermeticHome) => void {
  const mcpServers = Object.fromEntries(names.map((name) => [name, { command: 'true', args: [] }]));
  return (home) => writeFileSync(join(home.cwd, '.mcp.json'), JSON.stringify({ mcpServers }));
}

describe(`questions at the start of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();
  const claudex = (home: HermeticHome, api: { url: string }, ...args: string[]) =>
    runClaudex(args, { env: home.env(api), cwd: home.cwd });

  it.each<[string, Case]>([
    ['trust', { waitingFor: 'trust', prepare: withoutState('projects') }],
    ['an MCP server', { waitingFor: 'mcp servers', prepare: withServers('alpha') }],
    ['two MCP servers', { waitingFor: 'mcp servers', prepare: withServers('alpha', 'beta') }],
    ['onboarding', { waitingFor: 'onboarding', prepare: withoutState('hasCompletedOnboarding', 'theme') }],
    ['an API key', { waitingFor: 'api key', prepare: withoutState('customApiKeyResponses') }],
    ['bypass', { waitingFor: 'bypass consent', args: ['--', '--dangerously-skip-permissions'] }],
  ])(
    `%s is named by start and list ${verifies('start-question')}`,
    async (_name, { waitingFor, prepare, args = [] }) => {
      const home = bed.home();
      const api = await bed.api();
      prepare?.(home);
      const started = await claudex(home, api, 'start', home.cwd, '--json', ...args);
      expect(started.code).toBe(0);
      const { id, ...said } = JSON.parse(started.stdout);
      expect(said).toMatchObject({ state: 'waiting', waitingFor });
      expect(started.stderr).toContain(`${waitingFor}. See it with \`claudex peek ${id}\``);
      expect(started.stderr).toContain(`claudex attach ${id}`);
      expect((await claudex(home, api, 'list')).stdout).toContain(`waiting: ${waitingFor}`);
      expect((await claudex(home, api, 'list', '--waiting', '--json')).stdout).toContain(
        `"waitingFor": "${waitingFor}"`,
      );
    },
  );

  it(`a message waits until the person has answered in attach ${verifies('start-question')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    withoutState('projects')(home);
    const started = await claudex(home, api, 'start', home.cwd, '--name', 'worker', '--task', 'the first task');
    expect(started.stderr).toContain('trust');
    const message = (await daemonClient(home).messages())[0]!;
    expect(message.state).toBe('queued');
    expect(api.requests).toEqual([]);
    const viewer = startClaudex(['attach', 'worker'], { cwd: home.cwd, env: home.env(api) });
    const screen = await viewer.waitForScreen('Accessing workspace');
    // 2.1.332 marks the answer that refuses
    if (/❯ (?:\d\. )?No/.test(screen)) {
      viewer.key('down');
      await viewer.waitForScreen(/❯ (?:\d\. )?Yes/);
    }
    viewer.key('enter');
    await waitForMessage(home, message.id, ['answered']);
    await waitForSessionRecord(home, (one) => one.state === 'idle' && one.waitingFor === null);
    viewer.key('ctrl-\\');
    await viewer.waitForExit();
  });

  it(`whoever says no to it has ended the session: it does not come back to ask again ${verifies('start-question')}`, async () => {
    const home = bed.home();
    const api = await bed.api();
    withoutState('projects')(home);
    const { id } = JSON.parse((await claudex(home, api, 'start', home.cwd, '--name', 'worker', '--json')).stdout);
    const viewer = startClaudex(['attach', 'worker'], { cwd: home.cwd, env: home.env(api) });
    const screen = await viewer.waitForScreen('Accessing workspace');
    if (!/❯ (?:\d\. )?No/.test(screen)) {
      viewer.key('down');
      await viewer.waitForScreen(/❯ (?:\d\. )?No/);
    }
    viewer.key('enter');
    expect(await viewer.waitForExit()).toEqual({ code: 0, signal: null });
    expect(viewer.screen()).toContain('worker is ended: claude was left when it asked: trust');
    const [one] = await daemonClient(home).managed();
    expect(one).toMatchObject({ id, state: 'ended', restarts: 0, exit: { code: 1 } });
  });
});
