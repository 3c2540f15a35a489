import type { Command } from 'commander';
import { claudexPaths } from '../../home/paths.ts';
import { type SettingDefinition, type SettingKey, settingDefinitions } from '../../settings/definitions.ts';
import { readSettings, settingDefinition } from '../../settings/read.ts';
import { colours, table, wrapped } from '../text/render.ts';

/** For people, beside the output: what counts now, and from when on. */
function sayChange({ key, env }: SettingDefinition): void {
  const { values, sources } = readSettings(process.env);
  const value = values[key as SettingKey] ?? '(unset)';
  const from = sources[key as SettingKey];
  const why =
    from === 'environment' ? `, as ${env} says; the file counts without it` : from === 'default' ? ', the default' : '';
  const isDaemons = /^(daemon|delivery|notify|peers|questions|sessions)\./.test(key);
  const when = isDaemons
    ? ' A daemon that runs goes on as before: `claudex daemon restart` starts one that knows.'
    : '';
  process.stderr.write(`${key} is ${value}${why}.${when}\n`);
}

export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('show and change settings')
    .addHelpText(
      'after',
      '\nPrecedence: environment variable, config file, default.\n\nExamples:\n  claudex config list\n  claudex config set claude.path /opt/claude/bin/claude\n  claudex config unset claude.path',
    );
  config
    .command('list')
    .description('every setting with its value, where that comes from, and what it means')
    .addHelpText('after', '\nExample:\n  claudex config list --json')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => {
      const { values, sources } = readSettings(process.env);
      const all = settingDefinitions.map((one) => ({
        key: one.key,
        value: values[one.key],
        source: sources[one.key],
        default: one.default,
        env: one.env,
        description: one.text,
      }));
      if (options.json) return void process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
      const chalk = colours(process.stdout);
      const rows = all.map((one) => [one.key, String(one.value ?? '(unset)'), one.source, one.env, one.description]);
      const paint = (cell: string, column: number, row: number): string =>
        row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell;
      const header = ['SETTING', 'VALUE', 'FROM', 'ENVIRONMENT', 'MEANING'];
      const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
      const whole = table(header, rows, (cell) => cell);
      if (whole.split('\n').every((line) => line.length <= columns)) {
        process.stdout.write(`${table(header, rows, paint)}\n`);
        return;
      }
      // too narrow for that: what a setting means stands below it
      const [first, ...lines] = table(
        header.slice(0, 3),
        rows.map((row) => row.slice(0, 3)),
        paint,
      ).split('\n');
      const meanings = all.map(({ description, env }) => wrapped(`${description} (${env})`, columns, '    '));
      process.stdout.write(
        `${[first, ...lines.map((line, at) => `${line}\n${chalk.dim(meanings[at]!)}`)].join('\n')}\n`,
      );
    });
  config
    .command('get <key>')
    .description('print one setting’s value')
    .addHelpText('after', '\nExample:\n  claudex config get claude.path')
    .action((key: string) => {
      const value = readSettings(process.env).values[settingDefinition(key).key as SettingKey];
      process.stdout.write(`${value ?? ''}\n`);
      if (value === null && process.stderr.isTTY) process.stderr.write('(unset)\n');
    });
  config
    .command('set <key> <value>')
    .description('write one setting to the config file')
    .addHelpText('after', '\nExample:\n  claudex config set delivery.typePeers true')
    .action(async (key: string, value: string) => {
      const { storeSetting } = await import('../../settings/write.ts');
      storeSetting(process.env, settingDefinition(key), value);
      sayChange(settingDefinition(key));
    });
  config
    .command('unset <key>')
    .description('take one setting out of the config file')
    .addHelpText('after', '\nExample:\n  claudex config unset delivery.typePeers')
    .action(async (key: string) => {
      const { removeSetting } = await import('../../settings/write.ts');
      removeSetting(process.env, settingDefinition(key));
      sayChange(settingDefinition(key));
    });
  config
    .command('path')
    .description('print the config file’s path')
    .addHelpText('after', '\nExample:\n  claudex config path')
    .action(() => {
      process.stdout.write(`${claudexPaths(process.env).config}\n`);
    });
}
