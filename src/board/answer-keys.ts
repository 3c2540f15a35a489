/** Keys that answer the question of the chosen session. Pure. */
import type { KeyContext, KeyResult } from './keys.ts';
import type { BoardAnswer, BoardQuestion, Chosen } from './question-source.ts';
import type { BoardUi, Choosing, Key } from './ui.ts';

/** A question has stood in sight for this long before a key answers it: the key may have been meant for what was there before. */
export const inertMs = 500;

/** Undefined for a key that answers nothing here. */
export function answerKey(ui: BoardUi, key: Key, context: KeyContext): KeyResult | undefined {
  const question = context.selected?.question;
  if (!question || !isAnswering(question, ui.choosing, key)) return undefined;
  // in a small terminal the question is shown first
  if (context.layout.kind === 'alone' && !ui.isPaneOpen) return { ui: { ...ui, isPaneOpen: true, scroll: null } };
  if (question.onlyThere !== null) {
    const text = `Answer it there (Enter): ${question.onlyThere}.`;
    return { ui: { ...ui, notice: { text, isError: false } } };
  }
  if (!context.isLive) return { ui: whyInert(ui, context) };
  return answered(ui, question, key);
}

function isAnswering(question: BoardQuestion, choosing: Choosing, key: Key): boolean {
  if (key.name === 'return') return isMultiNow(question, choosing) && choosing.picked.length > 0;
  if (key.name !== null) return false;
  if (/^[1-9]$/.test(key.text)) return true;
  return (question.kind === 'question' ? ['d', 'D', 't'] : ['a', 'd', 'D']).includes(key.text);
}

function whyInert(ui: BoardUi, { pane, layout }: KeyContext): BoardUi {
  const isCut = pane.first + layout.pane.rows - 2 < pane.lines;
  return isCut ? { ...ui, notice: { text: 'Read it to its end first: space shows more.', isError: false } } : ui;
}

function answered(ui: BoardUi, question: BoardQuestion, key: Key): KeyResult {
  const send = (answer: BoardAnswer): KeyResult => {
    return { ui, effect: { kind: 'answer', questionId: question.id, answer } };
  };
  if (key.text === 'd' && key.name === null) return send({ kind: 'deny' });
  if (key.text === 'D') return { ui: { ...ui, typing: { for: 'reason', questionId: question.id, text: '' } } };
  if (question.kind !== 'question') {
    if (key.text === 'a') return send({ kind: 'approve' });
    const always = Number(key.text);
    return always <= question.suggestions.length ? send({ kind: 'approve', always }) : { ui };
  }
  if (key.text === 't') return { ui: { ...ui, typing: { for: 'reply', questionId: question.id, text: '' } } };
  return chosen(ui, question, key);
}

function chosen(ui: BoardUi, question: BoardQuestion, key: Key): KeyResult {
  const { done, picked } = ui.choosing;
  if (key.name === 'return') return withAsk(ui, question, picked);
  const ask = question.asks[done.length];
  const value = ask?.options[Number(key.text) - 1]?.value;
  if (!ask || value === undefined) return { ui };
  if (!ask.isMulti) return withAsk(ui, question, [value]);
  const toggled = picked.includes(value) ? picked.filter((one) => one !== value) : [...picked, value];
  return { ui: { ...ui, choosing: { done, picked: toggled } } };
}

/** One ask is done; with the last one the question is answered. */
export function withAsk(ui: BoardUi, question: BoardQuestion, chosen: Chosen): KeyResult {
  const done = [...ui.choosing.done, chosen];
  if (done.length < question.asks.length) return { ui: { ...ui, choosing: { done, picked: [] } } };
  return {
    ui: { ...ui, choosing: { done: [], picked: [] } },
    effect: { kind: 'answer', questionId: question.id, answer: { kind: 'choose', chosen: done } },
  };
}

function isMultiNow(question: BoardQuestion, { done }: Choosing): boolean {
  return question.kind === 'question' && question.asks[done.length]?.isMulti === true;
}
