/** The tables of docs/ that the code owns: written by `npm run docs`, and compared with what is committed by one test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { helpRows } from '../../src/board/bars.ts';
import type { Size } from '../../src/board/layout.ts';
import { daemonRoutes } from '../../src/daemon/routes.ts';
import { errorCatalogue } from '../../src/errors/catalogue.ts';
import { packageRoot } from '../../src/home/package.ts';
import { type SettingDefinition, settingDefinitions } from '../../src/settings/definitions.ts';
import { webRoutes } from '../../src/web/web-routes.ts';
import { screenText } from '../support/board-scene.ts';

/** Markdown of one table, by the name that its page's markers carry. */
const tables: Record<string, () => string> = {
  errors,
  settings,
  routes,
  webapi,
  boardKeys,
  boardWide: () => screen({ cols: 130, rows: 22 }),
  boardHalf: () => screen({ cols: 80, rows: 24 }),
  boardNarrow: () => screen({ cols: 40, rows: 16 }),
};

/** Each page with a generated table. */
export const generatedPages = ['docs/errors.md', 'docs/settings.md', 'docs/api.md', 'docs/web.md', 'docs/board.md'];

/** The page as it is committed. */
export function readPage(page: string): string {
  return readFileSync(join(packageRoot(), page), 'utf8');
}

/** `text` with each generated table as the code has it now; all else stays. @throws Error for a marker without a table */
export function withTables(text: string): string {
  return text.replaceAll(
    /(<!-- generated: (\w+) \(npm run docs\) -->\n)[\s\S]*?(\n<!-- end -->)/g,
    (_, start: string, name: string, end: string) => {
      const table = tables[name];
      if (!table) throw new Error(`no table is called ${name}`);
      return `${start}${table()}${end}`;
    },
  );
}

function errors(): string {
  const rows = Object.entries(errorCatalogue).map(([code, { text, fix, exitCode, httpStatus }]) =>
    [`\`${code}\``, text, fix, exitCode, httpStatus].map(cell),
  );
  return table(['Code', 'Text', 'Fix', 'Exit code', 'HTTP status'], rows);
}

function settings(): string {
  const rows = (settingDefinitions as readonly SettingDefinition[]).map((one) => {
    const type = one.minimum === undefined ? one.type : `${one.type}, from ${one.minimum}`;
    const value = one.default === null ? '(unset)' : `\`${one.default}\``;
    return [`\`${one.key}\``, type, value, `\`${one.env}\``, one.text].map(cell);
  });
  return table(['Key', 'Type', 'Default', 'Environment variable', 'Meaning'], rows);
}

/** The board in a terminal of that size. */
function screen(size: Size): string {
  return `\`\`\`\n${screenText(size)}\n\`\`\``;
}

function boardKeys(): string {
  return table(
    ['Keys', 'What they do'],
    helpRows.map(([keys, does]) => [keys.split(' ').map(kbd).join(' '), cell(does)]),
  );
}

function kbd(key: string): string {
  return `<kbd>${key}</kbd>`;
}

function routes(): string {
  const rows = daemonRoutes({} as never).map(({ method, path }) => {
    const anchor = `${method} ${path}`
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    return [`[\`${method} ${path}\`](#${anchor})`];
  });
  return table(['Route'], rows);
}

function webapi(): string {
  const rows = webRoutes({} as never).map(({ method, path, scope, summary, query, body }) =>
    [
      `\`${method.toUpperCase()} ${path}\``,
      scope,
      Object.keys(query.shape)
        .map((name) => `\`${name}\``)
        .join(' '),
      fieldsOf(body)
        .map((name) => `\`${name}\``)
        .join(' '),
      summary,
    ].map(cell),
  );
  return table(['Route', 'Scope', 'Query', 'Body', 'What it is for'], rows);
}

/** The fields of a body; of one that may have several shapes those of all. */
function fieldsOf(body: unknown): string[] {
  const { shape, options } = (body ?? {}) as { shape?: object; options?: unknown[] };
  return [...new Set(options ? options.flatMap(fieldsOf) : Object.keys(shape ?? {}))];
}

/** A cell's text: in code only the bar is escaped, for it would end the cell. */
function cell(value: string | number): string {
  return String(value)
    .split(/(`[^`]*`)/)
    .map((part) => part.replaceAll(part.startsWith('`') ? /\|/g : /[<>|]/g, '\\$&'))
    .join('');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => `| ${row.join(' | ')} |`);
  return [lines[0], `|${'---|'.repeat(head.length)}`, ...lines.slice(1)].join('\n');
}
