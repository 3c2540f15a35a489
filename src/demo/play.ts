/** The story the demo tells. Resolves true only when the task was really answered. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claudexPaths } from '../home/paths.ts';
import type { SessionRecord } from '../protocol/session.ts';
import { type ProjectName, projectNames } from './demo-home.ts';
import { demoScreen } from './demo-session.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';
import type { LoopbackReply, LoopbackRequest } from './stand-ins/messages-api.ts';

const question = 'which migrations are still to be run?';
const answer = 'Two are still to be run: 014_add_orders and 015_index_orders.';

/** What the stand-in for the model says: the answer to our question, and little else. */
export function modelScript(request: LoopbackRequest): LoopbackReply {
  return { text: request.prompt.includes(question) ? answer : 'Ready.' };
}

export async function play(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.step('Two terminals, a claudex in each');
  tell.say(`Each runs ${stage.claude.description}.`);
  tell.say(`The model is a script on ${stage.api.url}: no account, no network.`);
  for (const name of projectNames) {
    tell.command(`~/${name}`, 'claudex');
    stage.startSession(name);
  }
  const sessions = await stage.waitForSessions(areAllIdle);

  tell.step('Both are idle, and know of each other');
  tell.command('~/web', 'claudex list');
  tell.output((await stage.run('web', ['list'])).stdout, 'green');

  tell.step('From the web folder, a task for the session in the api folder');
  tell.command('~/web', `claudex ask api "${question}"`);
  const startedAt = performance.now();
  const asked = await stage.run('web', ['ask', 'api', question, '--wait', '30s']);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const isAnswered = asked.code === 0 && asked.stdout.includes(answer) && modelHasHeard(stage);
  tell.output(asked.stdout || '(no answer)', isAnswered ? 'green' : 'red');
  if (!isAnswered) {
    tell.output(`exit code ${asked.code}\n${asked.stderr}`, 'red');
    return false;
  }

  tell.step(`Meanwhile, in the api terminal (nobody touched it; ${seconds} s from question to answer)`);
  const badge = badgeOf(stage, sessions, 'api');
  const rows = await stage.sessions.get('api')!.waitForScreen((all) => hasTurn(all) && hasText(all, badge), 5000);
  tell.screen('~/api', turnRows(rows || (await stage.sessions.get('api')!.rows())), demoScreen.cols);
  tell.say(`${badge} is its badge: its id, and how many other sessions are live.`);
  return true;
}

/** Shows what can be seen of a demo that went wrong. */
export async function showWreck(stage: Stage, tell: Narrator): Promise<void> {
  for (const [name, session] of stage.sessions) tell.screen(`~/${name}`, await session.rows(), demoScreen.cols);
  if (stage.claude.isReal) tell.say('Without the real claude it is: claudex demo --stand-in');
  try {
    const log = readFileSync(claudexPaths(stage.env).log, 'utf8');
    tell.say('The end of the daemon’s log:');
    tell.output(log.trimEnd().split('\n').slice(-15).join('\n'), 'dim');
  } catch {
    tell.say('The daemon has written no log.');
  }
}

/** The same that `claudex list --json` prints: both there, ours, and at rest. */
function areAllIdle(sessions: SessionRecord[]): boolean {
  return projectNames.every((name) =>
    sessions.some((one) => one.name === name && one.state === 'idle' && one.supervised && one.sessionId !== null),
  );
}

/** The question has reached the model through claude: nobody else made the answer up. */
function modelHasHeard(stage: Stage): boolean {
  return stage.api.requests.some((request) => request.prompt.includes(question));
}

function badgeOf(stage: Stage, sessions: SessionRecord[], name: ProjectName): string {
  const session = sessions.find((one) => one.name === name)!;
  try {
    // first line the daemon's pid, second the badge: the file that the status line prints
    return readFileSync(join(claudexPaths(stage.env).badges, session.sessionId!), 'utf8').split('\n')[1]!;
  } catch {
    return `[${session.id}]`; // not rendered (yet)
  }
}

function hasText(rows: readonly string[], text: string): boolean {
  return rows.some((row) => row.includes(text));
}

function hasTurn(rows: readonly string[]): boolean {
  return hasText(rows, question) && hasText(rows, answer.slice(0, 40));
}

/** From our task downwards; claude's welcome above it is left out. */
function turnRows(rows: readonly string[]): readonly string[] {
  const first = rows.findIndex((row) => row.includes(question));
  return first < 0 ? rows : rows.slice(first);
}
