/** The real claude, started by claudex, that asks a person what a test has its model ask. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DaemonClient } from '../../src/daemon-client/client.ts';
import type { Answer, AnswerRequest, Question } from '../../src/protocol/question.ts';
import { startClaudex } from './claudex.ts';
import type { HermeticHome } from './hermetic-home.ts';
import type { LoopbackReply, LoopbackToolUse } from './loopback-api.ts';
import { processCommandLine, processesWithEnvironment } from './processes.ts';
import type { KeyName, PtyDriver } from './pty-driver.ts';
import { submitPrompt, waitForPromptBox } from './real-claude.ts';
import type { TestBed } from './test-bed.ts';
import { until } from './until.ts';

export interface AskingClaude {
  home: HermeticHome;
  driver: PtyDriver;
  client: DaemonClient;
  /** Has the model call those tools at once, in a turn of its own; its answer after their results is `went on`. */
  ask(...calls: LoopbackToolUse[]): Promise<void>;
  /** What a subagent does whose prompt is `agentPrompt`: those calls at once. */
  agentsDo(...calls: LoopbackToolUse[]): void;
  /** Has the model call those tools in the next turn, which somebody else's prompt starts: it is returned. */
  onPrompt(...calls: LoopbackToolUse[]): string;
  /** Waits until so many are open, and the dialog is on the screen. */
  open(count?: number): Promise<Question[]>;
  /** Answers from elsewhere, and sees what has become of it. */
  answer(id: string, answer: Answer): Promise<Question>;
  /** What has become of it, once that is known. */
  settled(id: string, wanted?: (question: Question) => boolean): Promise<Question>;
  /** The conversation as the model was last told of a tool’s result. */
  results(): string;
}

export const agentPrompt = 'the work of an agent, please';

/** Manual mode, because 2.1.332 lets claude itself decide otherwise. */
const askingArguments = ['--permission-mode', 'default'];

export async function startAskingClaude(
  bed: TestBed,
  { args = askingArguments, env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<AskingClaude> {
  const home = bed.home();
  let serial = 0;
  let calls: LoopbackToolUse[] = [];
  let agentCalls: LoopbackToolUse[] = [];
  const api = await bed.api(({ prompt, body }): LoopbackReply => {
    // what claude asks the API beside the conversation (a title) has no tools
    if (body.tools?.length && prompt.includes(agentPrompt) && agentCalls.length > 0) {
      return { toolUse: agentCalls.splice(0) };
    }
    return body.tools?.length && prompt.includes(`ask ${serial} please`) && calls.length > 0
      ? { toolUse: calls.splice(0) }
      : { text: `went on ${serial}` };
  });
  const driver = startClaudex(args, { cwd: home.cwd, env: home.env(api, env), cols: 120, rows: 45 });
  await waitForPromptBox(driver);
  const address = () => readFileSync(join(home.claudexHome, 'daemon.addr'), 'utf8').trim();
  await until(() => address() !== '');
  const client = new DaemonClient(address());
  await until(async () => (await client.sessions()).some(({ state }) => state === 'idle'));
  const onPrompt = (...wanted: LoopbackToolUse[]): string => {
    serial++;
    calls = [...wanted];
    return `ask ${serial} please`;
  };
  return {
    home,
    driver,
    client,
    ask: async (...wanted) => {
      await submitPrompt(driver, onPrompt(...wanted));
    },
    agentsDo: (...wanted) => {
      agentCalls = [...wanted];
    },
    onPrompt,
    open: async (count = 1) => {
      const open = async () => (await client.questions()).filter(({ state }) => state === 'open');
      await until(async () => (await open()).length === count);
      await until(async () => (await client.sessions())[0]?.state === 'waiting');
      return open();
    },
    answer: async (id, answer) =>
      client.answerQuestion(id, { ...answer, via: 'command', by: 'the test' } satisfies AnswerRequest),
    settled: async (id, wanted = ({ state }) => state !== 'open') => {
      await until(async () => wanted(await client.question(id)));
      return client.question(id);
    },
    results: () => {
      const { messages } = api.requests.findLast(({ isToolResult }) => isToolResult)?.body ?? { messages: [] };
      return JSON.stringify(messages);
    },
  };
}

/**
 * Presses a key under a dialog until that has had its effect: 2.1.332 takes no key in the first moments of a dialog. A key is given time
 * before the next one, which would be for what comes after the dialog.
 */
export async function pressUntil(
  driver: PtyDriver,
  key: KeyName,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  for (let presses = 0; presses < 10; presses++) {
    driver.key(key);
    const hasEffect = await until(holds, { timeoutMs: 4000 }).then(
      () => true,
      () => false,
    );
    if (hasEffect) return;
  }
  throw new Error(`${key} had no effect`);
}

/** The processes of hooks that wait beside a dialog: a shell and a curl for each. */
export function hooksOf({ root }: HermeticHome): number[] {
  return processesWithEnvironment([root]).filter((pid) => / claudex-hook.* ask|mode=ask/.test(commandLine(pid)));
}

/** No hook waits any more. */
export async function expectNoHooks(home: HermeticHome): Promise<void> {
  await until(() => hooksOf(home).length === 0);
  expect(hooksOf(home).map(commandLine)).toEqual([]);
}

function commandLine(pid: number): string {
  return processCommandLine(pid).replace('/hooks/', '/hooks/ ');
}
