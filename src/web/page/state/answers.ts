/** A person's answer to a question, in the words of `POST /api/v1/questions/:id/answer`. */
import { request } from '../api.ts';
import type { AskedQuestion, Question } from '../api-types.ts';

export type Answer =
  | { decision: 'allow'; always?: number }
  | { decision: 'deny'; message?: string; interrupt?: boolean }
  | { decision: 'answer'; answers: Record<string, string> };

export async function answer(question: Question, given: Answer): Promise<void> {
  await request('POST', `/questions/${encodeURIComponent(question.id)}/answer`, given);
}

/** The questions inside claude's AskUserQuestion; empty where the input is not as it should be. */
export function askedIn(question: Question): AskedQuestion[] {
  const { questions } = question.input;
  if (!Array.isArray(questions)) return [];
  return questions.filter(
    (one): one is AskedQuestion => typeof one?.question === 'string' && Array.isArray(one.options),
  );
}

/** What "always" number `index` would mean, in words. */
export function suggestionWords(suggestion: Record<string, unknown>): string {
  const where =
    typeof suggestion.destination === 'string' ? ` (${places[suggestion.destination] ?? suggestion.destination})` : '';
  if (suggestion.type === 'setMode') return `mode ${String(suggestion.mode)}${where}`;
  if (Array.isArray(suggestion.rules)) {
    const rules = suggestion.rules.map(({ toolName, ruleContent }) =>
      ruleContent ? `${toolName}(${ruleContent})` : String(toolName),
    );
    return `${rules.join(', ')}${where}`;
  }
  if (Array.isArray(suggestion.directories)) return `files in ${suggestion.directories.join(', ')}${where}`;
  return JSON.stringify(suggestion);
}

const places: Record<string, string> = {
  session: 'this session',
  localSettings: 'this folder, for you',
  projectSettings: 'this folder, for everybody',
  userSettings: 'everywhere',
};
