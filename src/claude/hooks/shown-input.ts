/**
 * What a tool would do, for the person who is to allow it: the whole input and nothing else, safe to print. Never shortened here;
 * whoever shows less of it says where the rest is.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { visibleLine, visibleText } from '../../protocol/visible-text.ts';
import { planFile } from '../transcript/plan-file.ts';
import { askedChoices, type PermissionRequest } from './permission.ts';

/** A larger file is not compared with what would become of it: all of the new text is shown instead. */
const maxComparedBytes = 1 << 20;
/** JSON that is longer than this is shown in one line. */
const maxIndentedChars = 16_384;
/** Comparing texts that have little in common takes long; then both are shown whole. */
const compareForMs = 200;

/** 2.1.332 keeps the plan in a file of its own, of which the request says nothing; it may not be found. */
const planElsewhere = '(claude does not say here what its plan is: read it in its terminal)';

export interface ShownPlace {
  /** Where the session works; paths of claude's are absolute, as a rule. */
  cwd: string;
  transcriptPath: string | null;
}

export function shownInput(request: PermissionRequest, { cwd, transcriptPath }: ShownPlace): string {
  const { tool, input } = request;
  const text = (key: string): string | undefined =>
    typeof input[key] === 'string' ? (input[key] as string) : undefined;
  const path = text('file_path');
  const command = text('command');
  const content = text('content');
  const before = text('old_string');
  const after = text('new_string');
  if (tool === 'Bash' && command !== undefined) return joined(visibleText(command), fields(input, ['command']));
  if (tool === 'Write' && path !== undefined && content !== undefined) {
    return joined(writeShown(path, cwd, content), fields(input, ['file_path', 'content']));
  }
  if (tool === 'Edit' && path !== undefined && before !== undefined && after !== undefined) {
    const shown = editShown(path, cwd, { before, after, all: input.replace_all === true });
    return joined(shown, fields(input, ['file_path', 'old_string', 'new_string']));
  }
  if (tool === 'ExitPlanMode' && text('plan') !== undefined) {
    return joined(visibleText(text('plan')!), fields(input, ['plan']));
  }
  if (tool === 'ExitPlanMode') return joined(planShown(transcriptPath), fields(input, []));
  const choices = askedChoices(request);
  if (choices.length > 0) return joined(choicesShown(choices), fields(input, ['questions']));
  return fields(input, []);
}

function planShown(transcriptPath: string | null): string {
  const plan = transcriptPath === null ? undefined : planFile(transcriptPath);
  return plan === undefined ? planElsewhere : joined(visibleText(plan.text), `plan file: ${visibleLine(plan.path)}`);
}

/** Every field that is not in `shown`, one below the other. */
function fields(input: Record<string, unknown>, shown: readonly string[]): string {
  return Object.entries(input)
    .filter(([key]) => !shown.includes(key))
    .map(([key, value]) => {
      const text = typeof value === 'string' ? value : jsonText(value);
      const name = visibleLine(key);
      return text.includes('\n') ? `${name}:\n${indented(visibleText(text))}` : `${name}: ${visibleText(text)}`;
    })
    .join('\n');
}

/** Indented as far as that makes it no longer than a person reads: what is nested deep would grow a hundredfold. */
function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > maxIndentedChars ? text : JSON.stringify(value, null, 2);
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}

function choicesShown(choices: ReturnType<typeof askedChoices>): string {
  return choices
    .map(({ question, multiSelect, options }, index) => {
      const number = choices.length > 1 ? `${index + 1}. ` : '';
      const several = multiSelect ? ' (several may be chosen)' : '';
      const lines = options.map(({ label, description }, at) => {
        const about = description === '' ? '' : `: ${visibleLine(description)}`;
        return `  ${at + 1}) ${visibleLine(label)}${about}`;
      });
      return [`${number}${visibleText(question)}${several}`, ...lines].join('\n');
    })
    .join('\n');
}

function writeShown(path: string, cwd: string, content: string): string {
  const old = currentText(resolve(cwd, path));
  const name = visibleLine(path);
  if (old === undefined) return joined(`new file ${name}`, wholeFile(content));
  if (old === null) return joined(`${name}, all of which would be replaced by this:`, wholeFile(content));
  return (
    difference(name, old, content) ?? joined(`${name}, all of which would be replaced by this:`, wholeFile(content))
  );
}

/** As a diff shows it: the newline at the end of the last line is no line of its own, and one that is missing is said. */
function wholeFile(content: string): string {
  if (content === '') return '(empty)';
  return content.endsWith('\n') ? added(content.slice(0, -1)) : joined(added(content), '\\ No newline at end of file');
}

function editShown(path: string, cwd: string, edit: { before: string; after: string; all: boolean }): string {
  const { before, after, all } = edit;
  const name = visibleLine(path);
  const old = currentText(resolve(cwd, path));
  const isThere = typeof old === 'string' && before !== '' && old.includes(before);
  const changed = isThere ? (all ? old.replaceAll(before, () => after) : old.replace(before, () => after)) : undefined;
  const whole = changed === undefined ? undefined : difference(name, old as string, changed);
  return whole ?? joined(name, removed(before), added(after));
}

function added(text: string): string {
  return visibleText(text).replaceAll(/^/gm, '+');
}

function removed(text: string): string {
  return visibleText(text).replaceAll(/^/gm, '-');
}

/** A unified diff; undefined where comparing would take too long. */
function difference(name: string, before: string, after: string): string | undefined {
  const { structuredPatch } = createRequire(import.meta.url)('diff') as typeof import('diff');
  const patch = structuredPatch(name, name, before, after, undefined, undefined, { context: 3, timeout: compareForMs });
  if (patch === undefined) return undefined;
  const hunks = patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) =>
    [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, ...lines.map(visibleText)].join('\n'),
  );
  return joined(name, hunks.length === 0 ? '(stays as it is)' : hunks.join('\n'));
}

/** Undefined when there is no such file, null for one that cannot be compared: too large, no plain file, not readable. */
function currentText(path: string): string | null | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return stats.isFile() && stats.size <= maxComparedBytes ? readFileSync(path, 'utf8') : null;
  } catch {
    return null; // no right to read it
  }
}
