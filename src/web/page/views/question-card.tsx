/**
 * What a session asks, with all of what would run, and the answers. The buttons do nothing for a moment after a question has
 * appeared, because a finger may have been on its way to something else.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Answer } from '../../../protocol/question.ts';
import type { Question } from '../api-types.ts';
import { answer } from '../state/answers.ts';
import { attempt } from '../state/toasts.ts';
import { AskedForm } from './asked-form.tsx';
import { Markdown } from './markdown.tsx';
import { ToolInput } from './tool-call.tsx';
import { ago, visible } from './words.ts';

const inertMs = 500;

const titles: Record<Question['kind'], string> = {
  permission: 'wants to use',
  question: 'has a question',
  plan: 'has a plan',
};

export function QuestionCard({ question, more }: { question: Question; more: number }) {
  const inert = useSignal(true);
  const sending = useSignal(false);
  const reason = useSignal<string | null>(null);
  useEffect(() => {
    inert.value = true;
    reason.value = null;
    const timer = setTimeout(() => {
      inert.value = false;
    }, inertMs);
    return () => clearTimeout(timer);
  }, [question.id]);

  const give = async (given: Answer): Promise<void> => {
    if (inert.value || sending.value) return;
    sending.value = true;
    await attempt(() => answer(question, given));
    sending.value = false;
  };
  const off = inert.value || sending.value || !question.remote;
  const input = (question.input ?? {}) as Record<string, unknown>;

  return (
    <section
      class={`question ${question.kind}`}
      aria-label={`${question.name} ${titles[question.kind]}`}
      data-testid="question"
    >
      <header>
        <p class="question-title">
          <strong>{visible(question.name)}</strong>
          {question.agent && <> ({visible(question.agent)})</>} {titles[question.kind]}{' '}
          {question.kind === 'permission' && <code>{visible(question.tool)}</code>}
        </p>
        <p class="question-when">
          {ago(question.askedAt)}
          {more > 0 && <span class="chip">{more} more</span>}
        </p>
      </header>
      {question.kind === 'permission' && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what scrolls
        <div class="question-body" tabIndex={0}>
          {typeof input.description === 'string' && <p class="question-note">{visible(input.description)}</p>}
          <ToolInput name={question.tool} input={question.input} otherwise={question.shown} />
          {typeof input.file_path === 'string' && <p class="question-note">{visible(input.file_path)}</p>}
        </div>
      )}
      {question.kind === 'plan' && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what scrolls
        <div class="question-body" tabIndex={0}>
          <Markdown text={typeof input.plan === 'string' ? input.plan : question.shown} />
        </div>
      )}
      {!question.remote && (
        <p class="question-note">{visible(question.reason ?? 'It can be answered in its terminal only.')}</p>
      )}
      {question.kind === 'question' ? (
        <AskedForm
          key={question.id}
          question={question}
          off={off}
          give={(answers) => void give({ decision: 'answer', answers })}
        />
      ) : (
        <div class="answers">
          <button type="button" class="primary" disabled={off} onClick={() => void give({ decision: 'allow' })}>
            {question.kind === 'plan' ? 'Approve' : 'Allow'}
          </button>
          <button
            type="button"
            class="bad"
            disabled={off}
            onClick={() => {
              if (reason.value === null) reason.value = '';
              else void give({ decision: 'deny', ...(reason.value !== '' && { message: reason.value }) });
            }}
          >
            {question.kind === 'plan' ? 'Keep planning' : 'Deny'}
          </button>
          {question.suggestions.map((suggestion, index) => (
            <button
              type="button"
              class="always"
              key={index}
              disabled={off}
              title={visible(suggestion.text)}
              onClick={() => void give({ decision: 'allow', always: index + 1 })}
            >
              Always: {visible(suggestion.text)}
            </button>
          ))}
        </div>
      )}
      {reason.value !== null && (
        <form
          class="reason"
          onSubmit={(event) => {
            event.preventDefault();
            void give({ decision: 'deny', ...(reason.value !== '' && { message: reason.value ?? '' }) });
          }}
        >
          <input
            aria-label="Why not, for claude"
            placeholder="Why not? Claude reads this. Enter denies."
            value={reason.value}
            ref={(field) => field?.focus()}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
            onKeyDown={(event) => {
              if (event.key === 'Escape') reason.value = null;
            }}
          />
        </form>
      )}
    </section>
  );
}
