/** Which question a command means: by its id, or by the session that asks one thing only. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import type { Question } from '../../protocol/question.ts';
import { visibleLine } from '../../protocol/visible-text.ts';
import { durationText } from '../text/durations.ts';

/** Nobody has read and judged in less than this what came up under a session's name; an id names what was read. */
const unreadMs = 2000;

/** @throws ClaudexError NO_SUCH_QUESTION, AMBIGUOUS_QUESTION, QUESTION_NEW, NO_SUCH_SESSION, AMBIGUOUS_TARGET */
export async function questionTarget(client: DaemonClient, target: string, now: number): Promise<Question> {
  if (target.startsWith('q-')) return client.question(target);
  const session = findTarget(pathTarget(target), await client.sessions());
  const asked = (await client.questions()).filter((one) => one.session === session.id && one.state === 'open');
  if (asked.length === 0) throw new ClaudexError('NO_SUCH_QUESTION', `${visibleLine(session.name)} asks nothing.`);
  if (asked.length > 1) throw new ClaudexError('AMBIGUOUS_QUESTION', `${asked.map(questionLine).join('; ')}.`);
  const [question] = asked as [Question];
  if (now - question.askedAt < unreadMs) {
    throw new ClaudexError('QUESTION_NEW', `${questionLine(question)}, ${durationText(now - question.askedAt)} ago.`);
  }
  return question;
}

const maxLineChars = 80;

/** `q-anwmzs (Bash: npm test)` */
export function questionLine({ id, tool, shown }: Question): string {
  const first = shown.split('\n', 1)[0]!;
  return `${id} (${tool}: ${first.length <= maxLineChars ? first : `${first.slice(0, maxLineChars)}…`})`;
}
