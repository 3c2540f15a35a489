/** One use of a tool: a line, and all of it when it is opened. */
import type { ToolUse } from '../api-types.ts';
import { Diff } from './diff.tsx';
import { visible } from './words.ts';

type Input = Record<string, unknown>;

/** What of an input says in a line what it is about. */
const telling = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt', 'skill'];

export function oneLine(input: unknown): string {
  const fields = (typeof input === 'object' && input !== null ? input : {}) as Input;
  const field = telling.find((name) => typeof fields[name] === 'string');
  const text = field === undefined ? '' : String(fields[field]);
  return visible(text.split('\n')[0]!);
}

/** `otherwise`: what is shown of an input that has no form of its own here. */
export function ToolInput({ name, input, otherwise }: { name: string; input: unknown; otherwise?: string }) {
  const fields = (typeof input === 'object' && input !== null ? input : {}) as Input;
  if (name === 'Edit' && typeof fields.old_string === 'string' && typeof fields.new_string === 'string') {
    return <Diff before={fields.old_string} after={fields.new_string} />;
  }
  if (name === 'MultiEdit' && Array.isArray(fields.edits)) {
    return (
      <>
        {(fields.edits as Input[]).map((edit, index) => (
          <Diff key={index} before={String(edit.old_string ?? '')} after={String(edit.new_string ?? '')} />
        ))}
      </>
    );
  }
  if (name === 'Write' && typeof fields.content === 'string') return <Diff before="" after={fields.content} />;
  if (name === 'Bash' && typeof fields.command === 'string') return <pre class="code">{visible(fields.command)}</pre>;
  return <pre class="code">{visible(otherwise ?? JSON.stringify(input, null, 2) ?? '')}</pre>;
}

export function ToolCall({ tool }: { tool: ToolUse }) {
  const line = oneLine(tool.input);
  return (
    <details class={tool.isError ? 'tool failed' : 'tool'}>
      <summary>
        <span class="tool-name">{tool.name}</span>
        <span class="tool-line">{line}</span>
        <span class="tool-end">{tool.result === null ? 'running' : tool.isError ? 'failed' : ''}</span>
      </summary>
      <ToolInput name={tool.name} input={tool.input} />
      {tool.result !== null && tool.result !== '' && <pre class="code result">{visible(tool.result)}</pre>}
    </details>
  );
}
