/** Claude's own questions with their options, and a field for an answer that is none of them. */
import { useSignal } from '@preact/signals';
import type { Question } from '../api-types.ts';
import { visible } from './words.ts';

interface AskedFormProps {
  question: Question;
  off: boolean;
  give: (answers: (string | string[])[]) => void;
}

export function AskedForm({ question, off, give }: AskedFormProps) {
  const asked = question.choices;
  const chosen = useSignal<Record<string, string[]>>({});
  const written = useSignal<Record<string, string>>({});
  const answers = asked.map(({ question: text, multiSelect }) => {
    const own = written.value[text]?.trim() ?? '';
    const labels = chosen.value[text] ?? [];
    if (own === '') return labels;
    return multiSelect && labels.length > 0 ? [...labels, own] : own;
  });
  const complete = asked.length > 0 && answers.every((one) => one.length > 0);

  return (
    <form
      class="asked"
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) give(answers);
      }}
    >
      {asked.map(({ question: text, options, multiSelect }, number) => (
        <fieldset key={text}>
          <legend>{visible(text)}</legend>
          {options.map(({ label, description }) => {
            const labels = chosen.value[text] ?? [];
            return (
              <label class="option" key={label}>
                <input
                  type={multiSelect ? 'checkbox' : 'radio'}
                  name={`asked-${question.id}-${number}`}
                  checked={labels.includes(label)}
                  onChange={({ currentTarget: { checked } }) => {
                    const next = multiSelect ? labels.filter((one) => one !== label) : [];
                    chosen.value = { ...chosen.value, [text]: checked ? [...next, label] : next };
                    if (!multiSelect) written.value = { ...written.value, [text]: '' };
                  }}
                />
                <span>
                  {visible(label)}
                  {description && <small>{visible(description)}</small>}
                </span>
              </label>
            );
          })}
          <input
            class="own"
            aria-label={`Another answer to: ${text}`}
            placeholder="Something else…"
            value={written.value[text] ?? ''}
            onInput={({ currentTarget: { value } }) => {
              written.value = { ...written.value, [text]: value };
              if (!multiSelect && value !== '') chosen.value = { ...chosen.value, [text]: [] };
            }}
          />
        </fieldset>
      ))}
      {asked.length === 0 && <pre class="code">{visible(question.shown)}</pre>}
      <div class="answers">
        <button type="submit" class="primary" disabled={off || !complete}>
          Answer
        </button>
      </div>
    </form>
  );
}
