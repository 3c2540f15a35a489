/**
 * Edits to JSON-with-comments text that leave every other byte where it was. Not jsonc-parser's `modify`: that one moves a
 * trailing comment to the property put in after it, drops comments beside what it takes out, and re-indents minified text.
 */
import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { ClaudexError } from '../src/errors/claudex-error.ts';

/** A settings file that cannot be understood, as the error that says where; nothing has been touched. */
export function unreadable(file: string, reason: string, cause?: unknown): ClaudexError {
  return new ClaudexError('USER_SETTINGS_UNREADABLE', `${file}${reason}`, { cause });
}

/** Line and column (from 1) of an offset, as `:3:14`. */
export function positionOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `:${lines.length}:${lines.at(-1)!.length + 1}`;
}

/**
 * The top-level object of a settings text (comments and trailing commas allowed, as Claude Code's own editors write them).
 * @throws ClaudexError USER_SETTINGS_UNREADABLE with `file:line:column`.
 */
export function parseSettingsObject(text: string, file: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) throw unreadable(file, `${positionOf(text, first.offset)} (${printParseErrorCode(first.error)}).`);
  if (root?.type !== 'object') throw unreadable(file, `${positionOf(text, root?.offset ?? 0)} (not an object).`);
  return root;
}

/** The property node of `key`; of two with the same key the last, as JSON.parse has it. */
export function propertyOf(object: Node, key: string): Node | undefined {
  return object.children?.findLast((property) => property.children?.[0]?.value === key);
}

/** The value node of `key`, or undefined. */
export function memberOf(object: Node, key: string): Node | undefined {
  return propertyOf(object, key)?.children?.[1];
}

/** Puts `value` in the place of `node`, on one line if the old one was. */
export function replaceNode(text: string, node: Node, value: unknown): string {
  const old = text.slice(node.offset, endOf(node));
  const json = old.includes('\n') ? pretty(text, value, lineIndent(text, node.offset)) : JSON.stringify(value);
  return splice(text, node.offset, endOf(node), json);
}

/** Adds a property at the end of an object node, or (without `key`) an item at the end of an array node. */
export function appendChild(text: string, container: Node, value: unknown, key?: string): string {
  const open = container.offset + 1;
  const close = endOf(container) - 1;
  const last = container.children?.at(-1);
  const name = key === undefined ? '' : JSON.stringify(key);
  const trailingComma = last && commaAfter(text, endOf(last)) !== undefined;
  const at = open + text.slice(open, close).trimEnd().length;
  const commaBehind = trailingComma ? ',' : '';
  let added: string;
  if (onOneLine(text, container)) {
    added = `${name && `${name}:`}${JSON.stringify(value)}${commaBehind}`;
  } else {
    const outer = lineIndent(text, close);
    const firstOnOwnLine = last && text.slice(open, container.children![0]!.offset).includes('\n');
    const inner = firstOnOwnLine ? lineIndent(text, last.offset) : outer + indentUnit(text);
    const eol = eolOf(text);
    const closing = text.slice(at, close).includes('\n') ? '' : eol + outer;
    added = `${eol}${inner}${name && `${name}: `}${pretty(text, value, inner)}${commaBehind}${closing}`;
  }
  const result = splice(text, at, at, added);
  return last && !trailingComma ? splice(result, endOf(last), endOf(last), ',') : result;
}

/** Takes child `index` out of an object or array node, with its comma and its line; comments around it stay. */
export function removeChild(text: string, container: Node, index: number): string {
  const children = container.children!;
  const child = children[index]!;
  const comma = commaAfter(text, endOf(child));
  let start = child.offset;
  let end = comma === undefined ? endOf(child) : comma + 1;
  const before = text.slice(0, start).trimEnd().length;
  const restOfLine = /^[ \t]*/.exec(text.slice(end))![0].length;
  const next = text.slice(end + restOfLine);
  const ownLine = text.slice(before, start).includes('\n');
  if (/^\r?\n/.test(next) || (/^[}\]]/.test(next) && !ownLine)) start = before;
  else end += restOfLine;
  let result = splice(text, start, end, '');
  const previous = children[index - 1];
  if (comma === undefined && previous) {
    const orphan = commaAfter(text, endOf(previous))!;
    result = splice(result, orphan, orphan + 1, '');
  }
  if (children.length > 1) return result;
  const open = container.offset + 1;
  const close = open + result.slice(open).search(/\S/);
  return /[}\]]/.test(result[close]!) ? splice(result, open, close, '') : result;
}

function endOf(node: Node): number {
  return node.offset + node.length;
}

function splice(text: string, start: number, end: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

/** Offset of the comma that follows `offset`, comments and spaces skipped. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const next = scanner.getTokenOffset();
  return text[next] === ',' ? next : undefined;
}

/** An empty container follows the rest of the file; an empty file is written on several lines. */
function onOneLine(text: string, container: Node): boolean {
  const own = text.slice(container.offset, endOf(container));
  if (container.children?.length) return !own.includes('\n');
  return !text.trim().includes('\n') && text.trim() !== own;
}

function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

function lineIndent(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart))![0];
}

function indentUnit(text: string): string {
  return /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ';
}

function pretty(text: string, value: unknown, indent: string): string {
  return JSON.stringify(value, null, indentUnit(text)).replaceAll('\n', eolOf(text) + indent);
}
