/** The documentation and the code say the same: errors, settings, routes, commands, files, links, scripts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { ownCommands } from '../../src/cli/start/own-commands.ts';
import { daemonRoutes } from '../../src/daemon/routes.ts';
import { errorCatalogue } from '../../src/errors/catalogue.ts';
import { claudexPaths } from '../../src/home/paths.ts';
import { gateReasons } from '../../src/protocol/wire.ts';
import { generatedPages, readPage, withTables } from '../docs/generated-tables.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function readDoc(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The text below the heading `title`, to the next heading of the same level or a higher one. */
function section(markdown: string, title: string): string {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === title);
  if (start === -1) throw new Error(`no heading "${title}"`);
  const level = /^#+/.exec(lines[start]!)![0].length;
  const rest = outsideCode(lines.slice(start + 1));
  const length = rest.findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** The cells of every table row (headers left out) as plain text. */
function tableRows(markdown: string): string[][] {
  const lines = markdown.split('\n');
  return lines
    .filter(
      (line, index) => line.startsWith('|') && !/^\|[-|: ]+$/.test(line) && !/^\|[-|: ]+$/.test(lines[index + 1] ?? ''),
    )
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => plain(cell.trim())),
    );
}

/** The anchors that GitHub makes of the headings. */
function headingAnchors(markdown: string): string[] {
  return outsideCode(markdown.split('\n'))
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
}

/** A cell that is one piece of code loses its backticks; escapes are undone. */
function plain(cell: string): string {
  return cell.replace(/^`([^`]*)`$/, '$1').replaceAll(/\\([<>|])/g, '$1');
}

function outsideCode(lines: readonly string[]): string[] {
  let inCode = false;
  return lines.map((line) => {
    if (line.startsWith('```')) inCode = !inCode;
    return inCode ? '' : line;
  });
}

describe('the generated tables', () => {
  it.each(generatedPages)('%s has what `npm run docs` writes', (page) => {
    const committed = readPage(page);
    expect(committed).toContain('(npm run docs)');
    expect(committed).toBe(withTables(committed));
  });
});

describe('docs/errors.md', () => {
  it('has every exit code that an error can end with', () => {
    const rows = tableRows(section(readDoc('docs/errors.md'), 'Exit codes')).map(([exitCode]) => Number(exitCode));
    for (const { exitCode } of Object.values(errorCatalogue)) expect(rows).toContain(exitCode);
  });
});

describe('docs/settings.md', () => {
  it.each(['CLAUDEX_HOME', 'CLAUDEX_CLAUDE_BIN', 'NO_COLOR', 'CLAUDE_CONFIG_DIR'])('tells of %s', (variable) => {
    const names = tableRows(section(readDoc('docs/settings.md'), 'Environment variables')).map(([name]) => name);
    expect(names).toContain(variable);
  });
});

const api = readDoc('docs/api.md');
const routes = daemonRoutes({} as never).map(({ method, path }) => `${method} ${path}`);
const headings = [...api.matchAll(/^### `((?:GET|POST) \S+)`$/gm)].map((match) => match[1]!);

describe('docs/api.md', () => {
  it('has a section for every route and for no other', () => {
    expect([...headings].sort()).toEqual([...routes].sort());
  });

  it.each(headings)('shows %s with curl, on its own path', (heading) => {
    const [method, path] = heading.split(' ');
    const text = section(api, `\`${heading}\``);
    const example = /curl [\s\S]*?\n```/.exec(text)?.[0] ?? '';
    expect(example).toContain('--unix-socket "$SOCKET"');
    const shown = /http:\/\/claudex(\/[^\s?]*)/.exec(example)?.[1] ?? '';
    expect(shown).toMatch(new RegExp(`^${path!.replaceAll(/:\w+/g, '[^/]+')}$`));
    expect(/-X POST| -d /.test(example)).toBe(method === 'POST');
    expect(text).toMatch(/Answer, (?:20\d|101)/);
  });

  it('names only errors that exist', () => {
    const named = [...api.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map((match) => match[1]!);
    const variables = ['XDG_RUNTIME_DIR', 'CLAUDEX_PEERS', 'CLAUDE_CONFIG_DIR'];
    expect(named.filter((name) => !variables.includes(name) && !Object.hasOwn(errorCatalogue, name))).toEqual([]);
  });
});

const commandsDoc = readDoc('docs/commands.md');
const commands = buildProgram().commands;

/** The options of a command and its subcommands as `-x, --name <value>`; without hidden ones and --help. */
function optionsOf(command: Command): string[] {
  const own = command.options.filter((option) => !option.hidden).map((option) => option.flags);
  return [...new Set([...own, ...command.commands.flatMap(optionsOf)])];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('our commands', () => {
  it('are those of the program', () => {
    const names = commands.map((command) => command.name());
    expect([...names, 'help'].sort()).toEqual([...ownCommands].sort());
  });

  it('each have a section in docs/commands.md, and no other has', () => {
    const headings = [...commandsDoc.matchAll(/^## `([\w-]+)`$/gm)].map((match) => match[1]!);
    expect(headings.sort()).toEqual([...ownCommands].sort());
  });

  it.each([...ownCommands])('%s is in the README', (name) => {
    expect(section(readDoc('README.md'), 'Commands')).toContain(`\`claudex ${name}`);
  });

  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s: options are documented',
    (name, command) => {
      const documented = tableRows(section(commandsDoc, `\`${name}\``))
        .map(([option]) => option!)
        .filter((option) => option.startsWith('-'));
      expect([...new Set(documented)].sort()).toEqual(optionsOf(command).sort());
    },
  );

  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s: subcommands are documented',
    (name, command) => {
      const text = section(commandsDoc, `\`${name}\``);
      for (const child of command.commands) {
        // `daemon run`, `daemon host` and `daemon adopt` are for the daemon itself
        if (name === 'daemon' && ['run', 'host', 'adopt'].includes(child.name())) continue;
        if (name === 'mesh' && child.name() === 'bridge') continue; // for the daemon's process
        expect(text).toContain(`claudex ${name} ${child.name()}`);
      }
    },
  );

  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s: --help has an example',
    (name, command) => {
      const [, examples] = helpOf(command).split(/\nExamples?\b[^\n]*:\n/);
      expect(examples, helpOf(command)).toMatch(new RegExp(`claudex ${name}\\b`));
    },
  );
});

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const { scripts, version, bin, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  version: string;
  bin: Record<string, string>;
  engines: { node: string };
};

describe('the README', () => {
  it('sets up with exactly two commands, both of them there', () => {
    const block = /```\n([\s\S]*?)```/.exec(section(readDoc('README.md'), 'Set up'))?.[1] ?? '';
    expect(block.trimEnd().split('\n')).toEqual(['npm ci && npm run demo', 'npm test']);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
    expect(bin).toHaveProperty('claudex');
  });

  it('installs the package that `npm pack` makes, on the Node that package.json asks for', () => {
    const text = readDoc('README.md');
    expect(text).toContain(`npm install -g ./claudex-${version}.tgz`);
    expect(text).toContain(engines.node.replace('>=', ''));
  });

  it('leaves it to docs/reliability.md to list exactly the files of src/home/paths.ts', () => {
    const listed = tableRows(section(readDoc('docs/reliability.md'), 'What it stores where')).map(([path]) => path!);
    const paths = Object.values(claudexPaths({ HOME: '/home/ada' })).map((path) => path.replace('/home/ada', '~'));
    expect(listed.sort()).toEqual(paths.sort());
  });
});

describe.each(documents)('%s', (name) => {
  it('links only to files and headings that are there', () => {
    for (const [, target] of readDoc(name).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [file, anchor] = target!.split('#');
      const path = file === '' ? name : join(dirname(name), file!);
      expect(existsSync(join(root, path)), `${name} links to ${target}`).toBe(true);
      if (anchor !== undefined) expect(headingAnchors(readDoc(path)), `${name} links to ${target}`).toContain(anchor);
    }
  });

  it('names only npm scripts that are there', () => {
    const named = [...readDoc(name).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map((match) => match[1]!);
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  it('names only source files that are there', () => {
    const named = [...readDoc(name).matchAll(/`((?:src|test|hooks|install-scripts|bin|bench)\/[\w./-]*)`/g)];
    for (const [, path] of named) expect(existsSync(join(root, path!)), `${name} names ${path}`).toBe(true);
  });
});

/** What a piece of text says is in a source file: `` `a` and `b`, both in `src/…/c.ts` ``. */
function namesBesidePaths(text: string): Array<{ path: string; names: string[] }> {
  const parts = text.split(/`((?:src|test|bench|install-scripts)\/[\w./-]+\.ts)`/);
  return parts.flatMap((before, index) => {
    const path = parts[index + 1];
    if (index % 2 === 1 || path === undefined) return [];
    // of the sentence, or the table's cell, that the path stands in
    const said = /[^.;:(|]*$/.exec(before.replaceAll('\n', ' '))![0];
    if (!/\bin\s+$/.test(said)) return [];
    return [{ path, names: [...said.matchAll(/`(\w+)`/g)].map((match) => match[1]!) }];
  });
}

function exportsOf(path: string): string[] {
  const declared = /^export (?:declare )?(?:async )?(?:const|function|class|interface|type|abstract class) (\w+)/gm;
  return [...readDoc(path).matchAll(declared)].map((match) => match[1]!);
}

describe('what the documentation says is in a file', () => {
  it('is understood', () => {
    const text = 'Look. `one` and `two`, both in `src/a/b.ts`. See `other`; `src/c.ts` has `none`.';
    expect(namesBesidePaths(text)).toEqual([{ path: 'src/a/b.ts', names: ['one', 'two'] }]);
    expect(documents.flatMap((name) => namesBesidePaths(readDoc(name))).length).toBeGreaterThan(3);
  });

  it.each(documents)('%s: is exported by that file', (name) => {
    for (const { path, names } of namesBesidePaths(readDoc(name))) {
      const missing = names.filter((one) => !exportsOf(path).includes(one));
      expect(missing, `${name} says that they are in ${path}`).toEqual([]);
    }
  });

  it('and what a comment in the source names as a file is one', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((one) =>
      /\.ts$/.test(one),
    );
    const known = [...files, ...readdirSync(join(root, 'install-scripts'))];
    const wrong = files.flatMap((file) => {
      const comments = readDoc(`src/${file}`).match(/\/\*[\s\S]*?\*\/|\/\/.*$/gm) ?? [];
      const named = comments.flatMap((comment) => comment.match(/(?<![\w./-])[\w-]+(?:\/[\w-]+)*\.ts\b/g) ?? []);
      return named
        .map((one) => one.replace(/^src\//, ''))
        .filter((one) => !known.some((path) => path === one || path.endsWith(`/${one}`)))
        .map((one) => `${file}: ${one}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('why a message may not be typed', () => {
  it.each([
    ['docs/delivery.md', /A refusal sends the message back[\s\S]*?`claudex inbox/],
    ['docs/api.md', /`refused` with a `reason`[\s\S]*?Answer, 200/],
  ])('%s has every reason and no other', (name, passage) => {
    const text = passage.exec(readDoc(name))![0].replace('`refused` with a `reason`', '');
    const told = [...text.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map((match) => match[1]!);
    expect(told.sort()).toEqual([...gateReasons].sort());
  });
});

describe('the package', () => {
  it('ships what is run and what is read, and no TypeScript source', () => {
    const { files } = JSON.parse(readDoc('package.json')) as { files: string[] };
    expect(files).toEqual(['bin', 'dist', 'hooks', 'docs', 'CHANGELOG.md']);
    const shipped = files
      .filter((name) => !['dist', 'CHANGELOG.md'].includes(name))
      .flatMap((name) => readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }));
    expect(shipped.filter((name) => name.endsWith('.ts'))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const doc = readDoc('docs/architecture.md');

  it('has every folder directly below src/, and only folders that are there', () => {
    const rows = tableRows(section(doc, 'Folders')).flatMap(([cells]) => cells!.split(', '));
    const named = rows.filter((row) => row.startsWith('src/'));
    const folders = readdirSync(join(root, 'src')).map((name) => `src/${name}/`);
    expect(folders.filter((folder) => !named.includes(folder))).toEqual([]);
    expect(named.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });

  it('names owners that are there', () => {
    const owners = tableRows(section(doc, 'One owner per fact')).flatMap(
      ([, cell]) => cell!.match(/[\w/-]+\.ts/g) ?? [],
    );
    for (const owner of owners) expect(existsSync(join(root, 'src', owner)), owner).toBe(true);
  });
});
