/** Keys while a line is being typed. Pure. */
import { withAsk } from './answer-keys.ts';
import type { Effect, KeyResult } from './keys.ts';
import type { BoardQuestion } from './question-source.ts';
import type { BoardUi, Key, Typing } from './ui.ts';

/** Escape gives it up, Enter is the end of it; a filter takes effect while it is typed. */
export function typingKey(
  ui: BoardUi,
  typing: Typing & { text: string },
  key: Key,
  question: BoardQuestion | undefined,
): KeyResult {
  if (key.name === 'escape') return { ui: { ...ui, typing: null, filter: typing.for === 'filter' ? '' : ui.filter } };
  if (key.name === 'return') return finished({ ...ui, typing: null }, typing, question);
  const text = edited(typing.text, key);
  return { ui: { ...ui, typing: { ...typing, text }, filter: typing.for === 'filter' ? text : ui.filter } };
}

function edited(text: string, key: Key): string {
  if (key.name === 'backspace') return [...text].slice(0, -1).join('');
  if (key.name === 'ctrl') {
    if (key.text === 'u') return '';
    return key.text === 'w' ? text.replace(/\S*\s*$/, '') : text;
  }
  return key.name === null ? text + key.text : text;
}

function finished(ui: BoardUi, typing: Typing & { text: string }, question: BoardQuestion | undefined): KeyResult {
  const text = typing.text.trim();
  if (typing.for === 'reply') {
    // another one may stand there by now
    return text !== '' && question?.id === typing.questionId ? withAsk(ui, question, text) : { ui };
  }
  const effect = text === '' && typing.for !== 'reason' ? undefined : effectOf(typing, text);
  return effect ? { ui, effect } : { ui };
}

function effectOf(typing: Typing, text: string): Effect | undefined {
  switch (typing.for) {
    case 'send':
      return { kind: 'send', id: typing.id, name: typing.name, text };
    case 'start':
      return { kind: 'start', folder: text };
    case 'reason':
      return {
        kind: 'answer',
        questionId: typing.questionId,
        answer: { kind: 'deny', ...(text !== '' && { reason: text }) },
      };
    default:
      return undefined;
  }
}
