/** Which question a command means: by its id, or by the session that asks one thing only. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { systemClock } from '../../process/clock.ts';
import { findTarget } from '../../protocol/find-target.ts';
import { overText } from '../../protocol/over-text.ts';
import type { Question } from '../../protocol/question.ts';
import { visibleLine } from '../../protocol/visible-text.ts';
import { durationText } from '../text/durations.ts';

/** Nobody has read and judged in less than this what came up under a session's name; an id names what was read. */
const unreadMs = 2000;

/** A session file is read within this time. */
const justMs = 10_000;

/** @throws ClaudexError NO_SUCH_QUESTION, QUESTION_NOT_REMOTE, AMBIGUOUS_QUESTION, QUESTION_NEW, NO_SUCH_SESSION, AMBIGUOUS_TARGET */
export async function questionTarget(client: DaemonClient, target: string, now: number): Promise<Question> {
  if (target.startsWith('q-')) return client.question(target);
  const session = findTarget(pathTarget(target), await client.sessions());
  const all = (await client.questions()).filter((one) => one.session === session.id);
  const asked = all.filter(({ state }) => state === 'open');
  if (asked.length === 0) {
    const name = visibleLine(session.alias ?? session.claudeName ?? session.name);
    if (session.state === 'waiting' && !hasJustEnded(all, systemClock.timeOfDay()))
      throw new ClaudexError(
        'QUESTION_NOT_REMOTE',
        `${name} waits for: ${visibleLine(session.waitingFor ?? 'a dialog')}.`,
      );
    throw new ClaudexError('NO_SUCH_QUESTION', `${name} asks nothing.${lastOne(all)}`);
  }
  if (asked.length > 1) throw new ClaudexError('AMBIGUOUS_QUESTION', `${asked.map(questionLine).join('; ')}.`);
  const [question] = asked as [Question];
  if (now - question.askedAt < unreadMs) {
    throw new ClaudexError('QUESTION_NEW', `${questionLine(question)}, ${durationText(now - question.askedAt)} ago.`);
  }
  return question;
}

/** Its session is still told as waiting for a moment after its question was answered. */
export function hasJustEnded(questions: readonly Question[], now: number): boolean {
  return questions.some(({ endedAt }) => endedAt !== null && now - endedAt < justMs);
}

/** Somebody was quicker: what became of the last one, where it is known. */
function lastOne(ended: readonly Question[]): string {
  const last = [...ended].sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0)).at(-1);
  return last ? ` ${last.id} (${last.tool}): ${visibleLine(overText(last, systemClock.timeOfDay()))}` : '';
}

const maxLineChars = 80;

/** `q-anwmzs (Bash: npm test)` */
export function questionLine({ id, tool, shown }: Question): string {
  const first = shown.split('\n', 1)[0]!;
  return `${id} (${tool}: ${first.length <= maxLineChars ? first : `${first.slice(0, maxLineChars)}…`})`;
}
