/** What claude asks here, told to another machine, and that machine's answers. */
import { systemClock } from '../../process/clock.ts';
import { parseAnswer } from '../../protocol/parse-answer.ts';
import type { Answering, AnswerRow } from './answer-ask.ts';
import { maxReplyBytes } from './ask.ts';
import { howManyFit, numberIn, withQuery } from './page.ts';

export const questionAnswers: readonly AnswerRow[] = [
  { pattern: /^GET \/questions$/, act: 'answer', answer: questions },
  { pattern: /^POST \/questions\/([^/]+)\/answer$/, act: 'answer', answer: answer },
];

/** One that is too long to travel is told without what would run: nobody can judge it from there. */
async function questions({ client, query, path }: Answering): Promise<unknown> {
  const skip = numberIn(query, 'skip', { least: 0, most: 1e6, otherwise: 0 });
  const all = await client.questions({ ended: query.get('ended') === 'true' });
  const told = all.slice(skip).map((one) => {
    const whole = { ...one, input: null };
    if (Buffer.byteLength(JSON.stringify(whole)) <= maxReplyBytes) return whole;
    return { ...whole, shown: '', choices: [], remote: false, reason: 'it is too long for the mesh: answer it there' };
  });
  const fit = howManyFit(told, 'question');
  const next = fit < told.length ? withQuery(path, 'skip', skip + fit) : undefined;
  // the clock there may show another time of day
  return { body: { now: systemClock.timeOfDay(), questions: told.slice(0, fit) }, ...(next && { next }) };
}

async function answer({ client, words, body, machine }: Answering): Promise<unknown> {
  const given = typeof body === 'object' && body !== null ? body : {};
  const by = `the user on the machine ${machine.name}`;
  return { body: await client.answerQuestion(words[0]!, parseAnswer({ ...given, via: 'mesh', by })) };
}
