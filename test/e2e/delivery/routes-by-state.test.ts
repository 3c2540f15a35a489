/** Every state that a session can be in, and the way that a user's and a peer's message takes into it: docs/route-table.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Message, Route } from '../../../src/protocol/message.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { realClaudeIsAtLeast, realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { repositoryRoot, runClaudex, startClaudex } from '../../support/claudex.ts';
import {
  daemonClient,
  sendMessage,
  waitForMessage,
  waitForMessages,
  waitForSessionRecord,
} from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { LoopbackApi, LoopbackRequest } from '../../support/loopback-api.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import {
  countInTranscripts,
  expectOnce,
  promptBox,
  runFromMenu,
  startBareClaude,
  submitPrompt,
  waitForPromptBox,
  waitForSession,
} from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

const peerRoute: Route = realClaudeIsAtLeast('2.1.224') ? 'inbox-socket' : 'wake';

/** A session under test. */
interface Stage {
  home: HermeticHome;
  api: LoopbackApi;
  driver: PtyDriver;
  session: SessionRecord;
  /** Lets a held turn go on. */
  release: () => void;
}

/** How a state comes about, what must hold while messages wait in it, and how it ends. */
interface StateCase {
  state: string;
  bare?: boolean;
  /** Claude starts with this question on the screen, provoked by this environment. */
  startsWith?: { question: string; env: Record<string, string> };
  /** `--permission-mode`, `default` if not said. */
  mode?: string;
  /** Claude's user settings. */
  settings?: Record<string, unknown>;
  enter(stage: Stage): Promise<void>;
  /** Messages wait until this has been called; without it they go in at once. */
  leave?(stage: Stage): void;
  /** What must stand on the screen and in the session's record while they wait. */
  meanwhile?(stage: Stage): Promise<void>;
  /** What must be so afterwards. */
  after?(stage: Stage): Promise<void>;
  userRoute: Route;
}

const draft = 'my half draft';

async function typeDraft({ driver }: Stage): Promise<void> {
  driver.type(draft);
  await waitForPromptBox(driver, { content: draft });
}

async function draftStands({ home, driver }: Stage): Promise<void> {
  await waitForPromptBox(driver, { content: draft });
  expect(countInTranscripts(home, draft)).toBe(0);
}

async function askPermission({ home, driver, session }: Stage): Promise<void> {
  await submitPrompt(driver, 'RUN it');
  await waitForSessionRecord(home, (one) => one.id === session.id && one.waitingFor === 'permission (Bash)');
  await driver.waitForScreen('Do you want to proceed?');
}

async function hold({ home, driver, session }: Stage): Promise<void> {
  await submitPrompt(driver, 'HOLD this turn');
  await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'busy');
}

async function becomesIdle({ home, session }: Stage): Promise<void> {
  await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'idle');
}

/** A command that runs until the test says that it is done. */
const untilDone = 'while [ ! -e done ]; do sleep 0.1; done';

const isDone = ({ home }: Stage): void => writeFileSync(join(home.cwd, 'done'), '');

const reasonsOf = (message?: Message): string[] => message?.history.map(({ reason }) => reason ?? '') ?? [];

const toolRan = ({ home }: Stage): boolean => existsSync(join(home.cwd, 'made-by-tool'));

const cases: StateCase[] = [
  { state: 'idle', enter: async () => {}, userRoute: 'paste' },
  { state: 'draft', enter: typeDraft, after: draftStands, userRoute: peerRoute },
  {
    state: 'typing',
    // keys come all the time while the message does: see the test
    enter: typeDraft,
    after: draftStands,
    userRoute: peerRoute,
  },
  {
    state: '/model open',
    enter: async ({ home, driver, session }) => {
      await submitPrompt(driver, '/model');
      await waitForSessionRecord(home, (one) => one.id === session.id && one.waitingFor === 'dialog open');
      await driver.waitForScreen('Select model');
    },
    meanwhile: async ({ driver }) => expect(driver.screen()).toContain('Select model'),
    leave: ({ driver }) => driver.key('esc'),
    after: async ({ driver }) => {
      await driver.waitForScreen(/Kept model/i);
    },
    userRoute: 'paste',
  },
  {
    state: 'permission prompt',
    enter: askPermission,
    meanwhile: async (stage) => {
      expect(stage.driver.screen()).toContain('Do you want to proceed?');
      expect(toolRan(stage)).toBe(false);
    },
    leave: ({ driver }) => driver.key('esc'),
    after: async (stage) => expect(toolRan(stage)).toBe(false),
    userRoute: 'paste',
  },
  dialog('a question', 'ASK me', /Which one\?/),
  { ...dialog('plan approval', 'PLAN it', /Exit plan mode\?|Ready to code\?/), mode: 'plan' },
  {
    state: 'busy',
    enter: hold,
    meanwhile: async ({ home, session }) => {
      const [now] = (await daemonClient(home).sessions()).filter((one) => one.id === session.id);
      expect(now?.state).toBe('busy');
    },
    leave: ({ release }) => release(),
    userRoute: 'paste',
  },
  {
    state: '!command runs',
    enter: async ({ home, driver, session }) => {
      driver.type('!');
      await driver.waitForScreen(/^!/m);
      driver.type(untilDone);
      await driver.waitForScreen(untilDone);
      driver.key('enter');
      await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'busy');
    },
    meanwhile: async ({ home, session }) => {
      const [now] = (await daemonClient(home).sessions()).filter((one) => one.id === session.id);
      expect(now?.state).toBe('busy');
    },
    leave: isDone,
    userRoute: 'paste',
  },
  {
    state: 'background shell',
    settings: { permissions: { allow: ['Bash'] } },
    enter: async ({ home, driver, session }) => {
      await submitPrompt(driver, 'SERVE it');
      await waitForSession(home, session.pid, 'shell');
      await waitForPromptBox(driver, { content: '' });
    },
    after: async (stage) => {
      const { home, session } = stage;
      // both have gone in beside it
      await waitForSession(home, session.pid, 'shell');
      isDone(stage);
      await waitForSession(home, session.pid, 'idle');
    },
    userRoute: 'paste',
  },
  {
    state: 'after Esc',
    enter: async (stage) => {
      await hold(stage);
      stage.driver.key('esc');
      await becomesIdle(stage);
      await waitForPromptBox(stage.driver, { content: 'HOLD this turn' });
    },
    after: async ({ driver }) => {
      await waitForPromptBox(driver, { content: 'HOLD this turn' });
    },
    userRoute: peerRoute,
  },
  {
    state: 'after a rejected permission prompt',
    enter: async (stage) => {
      await askPermission(stage);
      stage.driver.key('esc');
      await becomesIdle(stage);
    },
    after: async (stage) => expect(toolRan(stage)).toBe(false),
    userRoute: 'paste',
  },
  {
    state: 'after /clear',
    enter: async ({ home, driver, session }) => {
      await runFromMenu(driver, '/clear');
      await waitForSessionRecord(
        home,
        (one) => one.id === session.id && one.sessionId !== session.sessionId && one.state === 'idle',
      );
    },
    userRoute: 'paste',
  },
  ...(realClaudeIsAtLeast('2.1.330') ? [fullscreenOffer()] : []),
  {
    state: 'vim, normal mode',
    settings: { editorMode: 'vim' },
    enter: async ({ driver }) => {
      await driver.waitForScreen('-- INSERT --');
      driver.type('x');
      await waitForPromptBox(driver, { content: 'x' });
      driver.key('esc');
      await driver.waitForScreen((screen) => !screen.includes('-- INSERT --'));
      driver.type('dd');
      await waitForPromptBox(driver, { content: '' });
    },
    userRoute: 'paste',
  },
  { state: 'bare, idle', bare: true, enter: async () => {}, userRoute: peerRoute },
  { state: 'bare, draft', bare: true, enter: typeDraft, after: draftStands, userRoute: peerRoute },
];

/** A dialog that a tool of claude's opens, asked for by this prompt. */
function dialog(state: string, prompt: string, question: RegExp): StateCase {
  return {
    state,
    enter: async ({ home, driver, session }) => {
      await submitPrompt(driver, prompt);
      await waitForSessionRecord(home, (one) => one.id === session.id && one.state === 'waiting');
      await driver.waitForScreen(question);
    },
    meanwhile: async ({ driver }) => expect(driver.screen()).toMatch(question),
    leave: ({ driver }) => driver.key('esc'),
    userRoute: 'paste',
  };
}

/** What the scripted model calls at the user's word. */
const toolCalls: Record<string, { name: string; input: Record<string, unknown> }> = {
  RUN: { name: 'Bash', input: { command: 'touch made-by-tool', description: 'make a file' } },
  SERVE: { name: 'Bash', input: { command: untilDone, run_in_background: true, description: 'serve' } },
  ASK: {
    name: 'AskUserQuestion',
    input: {
      questions: [
        {
          question: 'Which one?',
          header: 'Pick',
          multiSelect: false,
          options: [
            { label: 'This', description: 'a' },
            { label: 'That', description: 'b' },
          ],
        },
      ],
    },
  },
  PLAN: { name: 'ExitPlanMode', input: { plan: '# Plan\n\n1. do it' } },
};

/** Claude decides when to make this offer; the variable, found in the binary, makes it do so at once. */
function fullscreenOffer(): StateCase {
  const question = 'Try the new fullscreen renderer?';
  return {
    state: 'fullscreen offer',
    startsWith: { question, env: { CLAUDE_CODE_FORCE_FULLSCREEN_UPSELL: '1' } },
    enter: async () => {},
    meanwhile: async ({ driver }) => expect(driver.screen()).toContain(question),
    leave: ({ driver }) => driver.key('esc'),
    after: async ({ driver }) => expect(driver.screen()).not.toContain(question),
    userRoute: 'paste',
  };
}

/** What was seen: state → route of the user's and of the peer's message. */
const seen = new Map<string, { user: string; peer: string }>();

describe(`routes by state into claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  async function stageFor({
    bare = false,
    startsWith,
    userRoute,
    mode = 'default',
    settings,
  }: StateCase): Promise<Stage> {
    const home = bed.home();
    // a key of ours keeps the box shut for a moment: on a slow machine that could be longer than the gate's patience
    if (userRoute === 'paste') {
      await runClaudex(['config', 'set', 'delivery.gatePatienceMs', '60000'], { env: home.env(), cwd: home.root });
    }
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    // a turn that is held open must not keep the test's API from closing
    bed.defer(() => release());
    const api = await bed.api((request: LoopbackRequest) => {
      const isFirstPrompt = !request.prompt.includes('[claudex ');
      if (request.prompt.includes('HOLD') && isFirstPrompt) return { text: 'held answer', until };
      const word = Object.keys(toolCalls).find((one) => request.prompt.includes(`${one} `));
      if (word && isFirstPrompt && !request.isToolResult) return { toolUse: toolCalls[word]! };
      return { text: 'the answer' };
    });
    if (settings) {
      mkdirSync(join(home.home, '.claude'), { recursive: true });
      writeFileSync(join(home.home, '.claude', 'settings.json'), JSON.stringify(settings));
      // where 2.1.197 has it
      const global = join(home.home, '.claude.json');
      writeFileSync(global, JSON.stringify({ ...JSON.parse(readFileSync(global, 'utf8')), ...settings }));
    }
    if (bare) {
      await runClaudex(['install'], { env: home.env(), cwd: home.root });
      await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.root });
    }
    const driver = bare
      ? startBareClaude(home, { api })
      : startClaudex(['--permission-mode', mode], {
          cwd: home.cwd,
          env: home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath(), ...startsWith?.env }),
        });
    if (startsWith) await driver.waitForScreen(startsWith.question);
    else await waitForPromptBox(driver);
    const state = startsWith ? 'waiting' : 'idle';
    const session = await waitForSessionRecord(home, (one) => one.supervised === !bare && one.state === state);
    return { home, api, driver, session, release };
  }

  it.each(cases)('$state', async (one) => {
    const stage = await stageFor(one);
    const { home, api, driver, session } = stage;
    await one.enter(stage);
    let fromUser: string;
    if (one.state === 'typing') {
      // until the message has met it: one key may be long ago by then
      const typing = setInterval(() => driver.type('!\x7f'), 50);
      fromUser = await sendMessage(home, [session.id, 'from the user']);
      // `suspended`: claude has yet to read the last key
      const isHeldUp = /^prompt box: (typing|suspended)$/;
      await waitForMessages(home, ([first]) => reasonsOf(first).some((reason) => isHeldUp.test(reason))).finally(() =>
        clearInterval(typing),
      );
    } else {
      fromUser = await sendMessage(home, [session.id, 'from the user']);
    }
    const fromPeer = await sendMessage(home, [session.id, '--from', 'cron', 'from a peer']);
    if (one.leave) {
      await one.meanwhile?.(stage);
      for (const id of [fromUser, fromPeer]) {
        expect(await daemonClient(home).message(id)).toMatchObject({ state: 'queued', attempts: 0 });
      }
      one.leave(stage);
    }
    const user: Message = await waitForMessage(home, fromUser, ['answered', 'failed']);
    const peer: Message = await waitForMessage(home, fromPeer, ['answered', 'failed']);
    seen.set(one.state, { user: user.route ?? '', peer: peer.route ?? '' });
    expect([user, peer]).toMatchObject([
      { state: 'answered', route: one.userRoute, answer: 'the answer' },
      { state: 'answered', route: peerRoute, answer: 'the answer' },
    ]);
    // one task per turn
    const together = api.requests.filter(({ prompt }) => prompt.includes(fromUser) && prompt.includes(fromPeer));
    expect(together).toEqual([]);
    await expectOnce(home, fromUser);
    await expectOnce(home, fromPeer);
    await one.after?.(stage);
    // whatever was there before: no dialog was opened on the way
    await driver.waitForScreen((screen) => promptBox(screen) !== undefined);
    await becomesIdle(stage);
  });

  afterAll(() => {
    if (process.env.ROUTE_TABLE === 'write') writeRouteTable();
  });
});

/** Puts what was seen between this version's markers in docs/route-table.md. */
function writeRouteTable(): void {
  const file = join(repositoryRoot, 'docs', 'route-table.md');
  const version = realClaudeVersion();
  const rows = [...seen].map(([state, { user, peer }]) => `| ${state} | \`${user}\` | \`${peer}\` |`);
  const table = ['| The session is | A message of the user | A message of a peer |', '|---|---|---|', ...rows].join(
    '\n',
  );
  const between = new RegExp(`(<!-- ${version} -->\n)[^]*?(<!-- end -->)`);
  const text = readFileSync(file, 'utf8');
  const section = `<!-- ${version} -->\n\n${table}\n\n<!-- end -->`;
  const next = between.test(text)
    ? text.replace(between, () => section)
    : `${text.trimEnd()}\n\n## Claude ${version}\n\n${section}\n`;
  writeFileSync(file, next);
}
