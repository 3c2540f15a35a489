/** The file of `claudex up`: what it may say, and how a mistake in it is named. */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { isSame, planUp } from '../../../../src/cli/sessions-file/bring-up.ts';
import { readSessionsFile } from '../../../../src/cli/sessions-file/read-sessions-file.ts';
import { sessionsJsonSchema } from '../../../../src/cli/sessions-file/sessions-schema.ts';
import { errorText } from '../../../../src/cli/text/print-error.ts';
import type { ClaudexError } from '../../../../src/errors/claudex-error.ts';
import type { ManagedRecord } from '../../../../src/protocol/managed.ts';
import { verifies } from '../../../requirements.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

describe(`claudex.sessions.json ${verifies('sessions-file')}`, () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(temporaryFolder());
    mkdirSync(join(folder, 'api'));
  });

  const read = (text: string) => {
    const path = join(folder, 'claudex.sessions.json');
    writeFileSync(path, text);
    return readSessionsFile(path);
  };

  it('has comments and defaults; folders are those of the file', async () => {
    const { sessions } = await read(`{
      // nightly
      "sessions": [
        { "name": "api", "folder": "./api", "idleTimeout": "1h30m", },
        { "name": "here", "args": ["--model", "opus"], "env": { "A": "b" },
          "schedule": { "cron": "0 9 * * 1-5", "task": "look" } },
      ],
    }`);
    expect(sessions).toEqual([
      {
        name: 'api',
        folder: join(folder, 'api'),
        args: [],
        env: {},
        keepWarm: false,
        restart: 'crash',
        idleTimeout: '1h30m',
      },
      {
        name: 'here',
        folder,
        args: ['--model', 'opus'],
        env: { A: 'b' },
        keepWarm: false,
        restart: 'crash',
        schedule: { cron: '0 9 * * 1-5', task: 'look', missed: 'run', overlap: 'skip' },
      },
    ]);
  });

  it.each([
    ['no JSON', '{\n "sessions": [\n  { "name" "a" }\n ]\n}', 'line 3: A colon is missing.'],
    ['nothing', '', 'line 1: A value is missing.'],
    [
      'a field that there is not',
      '{"sessions":[\n{"name":"a",\n"keepwarm":true}]}',
      'line 3: sessions[0].keepwarm: There is no such field.',
    ],
    [
      'another type',
      '{"sessions":[\n{"name":"a","args":\n["x",\n7]}]}',
      'line 4: sessions[0].args[1]: It takes a text, not a number.',
    ],
    [
      'a name twice',
      '{"sessions":[\n{"name":"a"},\n{"name":"A"}]}',
      'line 3: sessions[1].name: "A" stands there twice.',
    ],
    ['a name that is none', '{"sessions":[\n{"name":"7 up"}]}', 'line 2: sessions[0].name: A name begins'],
    ['a field that is missing', '{"sessions":[\n\n{"folder":"."}]}', 'line 3: sessions[0].name: It is missing.'],
    ['no folder', '{"sessions":[\n{"name":"a",\n"folder":"nowhere"}]}', 'line 3: sessions[0].folder: '],
    [
      'a cron that is none',
      '{"sessions":[{"name":"a","schedule":{\n"task":"x",\n"cron":"61 * * * *"}}]}',
      'line 3: sessions[0].schedule.cron: ',
    ],
    [
      'seconds',
      '{"sessions":[{"name":"a","schedule":{\n"task":"x",\n"cron":"* * * * * *"}}]}',
      'line 3: sessions[0].schedule.cron: ',
    ],
    [
      'a zone that is none',
      '{"sessions":[{"name":"a","schedule":{\n"task":"x","cron":"0 9 * * *",\n"timeZone":"Mars"}}]}',
      'line 3: sessions[0].schedule.timeZone: There is no time zone "Mars".',
    ],
    [
      'a duration that is none',
      '{"sessions":[\n{"name":"a","idleTimeout":"soon"}]}',
      'line 2: sessions[0].idleTimeout: ',
    ],
    [
      'a word that it does not take',
      '{"sessions":[\n{"name":"a",\n"restart":"maybe"}]}',
      'line 3: sessions[0].restart: It takes "crash" or "never".',
    ],
    [
      'arguments with which claude opens no session',
      '{"sessions":[\n{"name":"a",\n"args":["-p","hi"]}]}',
      'line 3: sessions[0].args: With -p hi claude opens no session.',
    ],
    ['a list', '[]', 'line 1: It takes an object, not a list.'],
    ['no session', '{"sessions":[]}', 'line 1: sessions: It declares no session.'],
  ])('%s is named with its line and its field', async (_name, text, said) => {
    const error = await read(text).then(
      () => undefined,
      (thrown: ClaudexError) => thrown,
    );
    expect(error).toMatchObject({ code: 'BAD_SESSIONS_FILE', details: [expect.stringContaining(said)] });
  });

  it('several mistakes are a line each, from the top', async () => {
    const text = '{"sessions":[\n{"name":"a",\n"env":{"A":1},\n"args":"x",\n"restart":"maybe"}]}';
    const error = await read(text).catch((thrown: ClaudexError) => thrown);
    expect(errorText(error as ClaudexError).split('\n')).toEqual([
      `claudex: The file of sessions is not one. ${join(folder, 'claudex.sessions.json')}`,
      '  line 3: sessions[0].env.A: It takes a text, not a number.',
      '  line 4: sessions[0].args: It takes a list, not a text.',
      '  line 5: sessions[0].restart: It takes "crash" or "never".',
      expect.stringMatching(/^Fix: /),
      '',
    ]);
  });

  it('folders and arguments of all sessions are looked at before one is named', async () => {
    const text = '{"sessions":[\n{"name":"a","folder":"no"},\n{"name":"b","folder":"nor"}]}';
    const error = await read(text).catch((thrown: ClaudexError) => thrown);
    expect((error as ClaudexError).details).toHaveLength(2);
  });

  it('is missed by name', async () => {
    await expect(readSessionsFile(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'NO_SESSIONS_FILE' });
  });

  it('has the JSON Schema that is shipped', () => {
    const shipped = new URL('../../../../docs/claudex.sessions.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(shipped, 'utf8'))).toEqual(JSON.parse(JSON.stringify(sessionsJsonSchema())));
  });

  it('starts what is missing, resumes what does not run, leaves what does', async () => {
    const { sessions } = await read(
      '{"sessions":[{"name":"new"},{"name":"up"},{"name":"asleep","schedule":{"cron":"0 9 * * *","task":"t"}},{"name":"down"},{"name":"elsewhere"}]}',
    );
    const kept = (name: string, state: ManagedRecord['state'], cwd = folder) =>
      ({ id: name, name, cwd, state, schedule: null }) as ManagedRecord;
    const managed = [
      kept('UP', 'running'),
      kept('asleep', 'sleeping'),
      kept('down', 'stopped'),
      kept('elsewhere', 'running', '/elsewhere'),
    ];
    const steps = planUp(sessions, managed).map(({ declared, action, setsSchedule }) => [
      declared.name,
      action,
      setsSchedule,
    ]);
    expect(steps).toEqual([
      ['new', 'start', false],
      ['up', 'runs', false],
      ['asleep', 'runs', true],
      ['down', 'resume', false],
      ['elsewhere', 'start', false],
    ]);
    expect(isSame(sessions[4]!, managed[3]!)).toBe(false);
  });
});
