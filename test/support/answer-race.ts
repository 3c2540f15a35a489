/** A person at the terminal and somebody with `claudex approve` or `deny` answer the same question of the real claude at once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Question } from '../../src/protocol/question.ts';
import type { AskingClaude } from './asking-claude.ts';
import { runClaudexFromElsewhere } from './from-elsewhere.ts';
import type { PtyDriver } from './pty-driver.ts';
import { promptBox, type TranscriptRecord, transcriptRecords } from './real-claude.ts';
import { until } from './until.ts';
import { readIfExists } from './wait-for-file.ts';

export interface RacePlan {
  /** What the person in the terminal presses: yes, or away with it. */
  key: '1' | 'esc';
  /** What comes from elsewhere, and how: as a request, or by the command itself. */
  elsewhere: 'allow' | 'deny';
  via: 'request' | 'command';
  /** How long the key comes after the answer from elsewhere sets out; below 0 it is first. Of the command, after it was shown the question. */
  keyAfterMs: number;
}

/** Who was told what, and what claude did. */
export interface RaceEnd {
  plan: RacePlan;
  /** What the answer from elsewhere was told: it counted, it did not, claude has not said so yet. */
  told: 'counted' | 'late' | 'unsaid' | 'not-taken';
  /** In words, as it was told. */
  words: string;
  /** What `GET /v1/questions/:id` says in the end. */
  record: Pick<Question, 'state' | 'via' | 'taken' | 'decision' | 'reason'>;
  /** What the hook decided, where the transcript says that this counted. */
  byHook: string | undefined;
  /** The transcript says that the person has rejected or interrupted it. */
  isRejected: boolean;
  ran: boolean;
  /** What the transcript has of that call, cut short. */
  said: string;
}

/** One question, two answers. */
export async function playRace(claude: AskingClaude, round: number, plan: RacePlan): Promise<RaceEnd> {
  const { home, driver, client } = claude;
  const name = `race-${round}.txt`;
  const log = join(home.claudexHome, 'logs', 'questions.ndjson');
  const asked = linesOf(log, 'asked').length;
  await claude.ask({ name: 'Bash', input: { command: `touch ${name}`, description: 'make a file' } });
  await until(() => linesOf(log, 'asked').length > asked);
  const { id } = linesOf(log, 'asked').at(-1)!;
  await driver.waitForScreen((screen) => screen.includes('Do you want to proceed?') && screen.includes(name));
  await until(async () => (await client.sessions())[0]?.state === 'waiting');
  // 2.1.332 takes no key in the first moments of a dialog; a person has read it first
  await delay(600);
  const press = (): void => (plan.key === 'esc' ? driver.key('esc') : driver.type(plan.key));
  const [told] = await Promise.all([
    plan.via === 'request' ? byRequest(claude, id, plan) : byCommand(claude, id, plan),
    delayed(plan, () => linesOf(log, 'shown').some((line) => line.id === id), press),
  ]);
  await until(async () => (await client.sessions())[0]?.state === 'idle' && !driver.screen().includes('Do you want'));
  const isSettled = async (): Promise<boolean> => {
    const { state, taken, via } = await client.question(id);
    return state !== 'open' && (via === 'terminal' || taken !== null);
  };
  await until(isSettled).catch(async (cause) => {
    const last = transcriptRecords(home).slice(-6);
    const seen = { told, question: await client.question(id), sessions: await client.sessions(), last };
    throw new Error(`nobody says what has become of it: ${JSON.stringify(seen)}`, { cause });
  });
  const { state, via, taken, decision, reason } = await client.question(id);
  await emptyBox(driver);
  return {
    plan,
    ...told,
    record: { state, via, taken, decision, reason },
    ...saidOf(claude, name),
    ran: existsSync(join(home.cwd, name)),
  };
}

/**
 * A key that came after the dialog had gone stands in the prompt box, or is the beginning of a key: Esc and a letter that come together are
 * one to claude. So a letter of no meaning is typed until it stands there.
 */
async function emptyBox(driver: PtyDriver): Promise<void> {
  const box = (): string => promptBox(driver.screen()) ?? '';
  const pressed = async (press: () => void, holds: () => boolean): Promise<void> => {
    for (let presses = 0; !holds() && presses < 20; presses++) {
      press();
      await until(holds, { timeoutMs: 2000 }).catch(() => undefined);
    }
    expect(holds(), box()).toBe(true);
  };
  await pressed(
    () => driver.type('z'),
    () => box().includes('z'),
  );
  // an interrupted prompt has come back, and may have lines
  await pressed(
    () => driver.key('ctrl-u'),
    () => !/^1|z$/.test(box()),
  );
}

async function delayed({ via, keyAfterMs }: RacePlan, isShown: () => boolean, press: () => void): Promise<void> {
  if (via === 'command') while (!isShown()) await delay(1);
  if (keyAfterMs > 0) await delay(keyAfterMs);
  press();
}

type Told = Pick<RaceEnd, 'told' | 'words'>;

async function byRequest(claude: AskingClaude, id: string, { elsewhere, keyAfterMs }: RacePlan): Promise<Told> {
  if (keyAfterMs < 0) await delay(-keyAfterMs);
  try {
    const { taken } = await claude.answer(id, { decision: elsewhere });
    return { told: taken === true ? 'counted' : 'unsaid', words: '' };
  } catch (error) {
    const { code, facts } = error as { code?: string; facts?: string };
    if (code !== 'QUESTION_OVER' && code !== 'NOT_TAKEN') throw error;
    return { told: code === 'NOT_TAKEN' ? 'not-taken' : 'late', words: `${facts}` };
  }
}

async function byCommand({ home }: AskingClaude, id: string, { elsewhere }: RacePlan): Promise<Told> {
  const verb = elsewhere === 'allow' ? 'approve' : 'deny';
  const { code, stdout, stderr } = await runClaudexFromElsewhere([verb, id], { env: home.env(), cwd: home.cwd });
  const words = `${stdout}${stderr}`;
  if (code === 0) return { told: stdout.includes('has not said yet') ? 'unsaid' : 'counted', words };
  if (code !== 3) throw new Error(`claudex ${verb}: exit ${code}, ${words}`);
  return { told: stderr.includes('still asks') ? 'not-taken' : 'late', words };
}

function linesOf(log: string, event: string): Array<{ event: string; id: string }> {
  return (readIfExists(log) ?? '')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { event: string; id: string })
    .filter((line) => line.event === event);
}

/** What the transcript says of that call, by claude's own fields and not by our reading of them. */
function saidOf({ home }: AskingClaude, name: string): Pick<RaceEnd, 'byHook' | 'isRejected' | 'said'> {
  const records = transcriptRecords(home);
  const blocks = (record: TranscriptRecord): Block[] => {
    return Array.isArray(record.message?.content) ? (record.message.content as Block[]) : [];
  };
  const call = records.flatMap(blocks).find(({ input }) => input?.command === `touch ${name}`);
  const result = records.find((record) => blocks(record).some((block) => block.tool_use_id === call?.id));
  const attached = records.find(
    ({ attachment }) => attachment?.type === 'hook_permission_decision' && attachment.toolUseID === call?.id,
  )?.attachment?.decision as string | undefined;
  const decision = result?.permissionDecision as { source?: string; decision?: string } | undefined;
  const said = decision?.source === 'hook' ? { accept: 'allow', reject: 'deny' }[`${decision.decision}`] : undefined;
  const about = records.filter((record) => call?.id !== undefined && JSON.stringify(record).includes(call.id));
  return {
    byHook: attached ?? said,
    isRejected: result?.toolUseResult === 'User rejected tool use',
    said: about.map((record) => JSON.stringify(record).slice(0, 1200)).join('\n'),
  };
}

interface Block {
  id?: string;
  tool_use_id?: string;
  input?: { command?: string };
}

/** What was told and is not so; empty when all was true. */
export function untruths({ plan, told, words, record, byHook, isRejected, ran }: RaceEnd): string[] {
  const found: string[] = [];
  const hold = (holds: boolean, text: string): void => void (holds || found.push(text));
  const isDoubted = words.includes('may have begun');
  if (told === 'counted') {
    hold(record.via === 'command' && record.taken === true, 'it counted, and the record says otherwise');
    hold(byHook === plan.elsewhere, 'it counted, and claude has not written so');
    hold(plan.elsewhere === 'allow' || !ran, 'it was denied, and it ran');
  } else if (isDoubted) {
    hold(plan.elsewhere === 'allow' && isRejected, 'nothing was interrupted');
  } else if (told === 'late') {
    hold(byHook === undefined, 'it was late, and claude has taken it');
    hold(ran === (plan.key === '1'), 'it was late, and the key did not count');
  } else {
    // claude says late what allowed a tool that runs for long, and so it was told; the record has it in the end
    hold(told === 'unsaid' && plan.elsewhere === 'allow' && (ran || isRejected), `told ${told}`);
  }
  hold(
    told === 'counted' || told === 'unsaid' || record.via === 'terminal',
    'it did not count, and the record says it did',
  );
  return found;
}
