/** Commands on another machine with the real claude, over TLS: list, ask, attach, what it asks and the answer, history. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { otherMachine } from '../../support/far.ts';
import { promptBox } from '../../support/real-claude.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe(`commands on another machine with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`starts, asks, types, approves, reads, searches and stops ${verifies('far-commands', 'far-attach')}`, async () => {
    const [there, from] = [bed.home({ cwdNames: ['project', 'elsewhere'] }), bed.home()];
    const api = await bed.api(scriptedTools);
    const machine = await otherMachine(there, from, { api });
    expect(await machine.add('view', 'send', 'answer', 'terminal', 'manage')).toMatchObject({ code: 0 });
    const far = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await machine.here(['--host', 'devbox', ...words]);
      expect([code, stderr], words.join(' ')).toEqual([0, expect.any(String)]);
      return stdout;
    };
    const id = (await far('start', there.cwd, '--name', 'worker', '--', '--permission-mode', 'default')).trim();
    expect(JSON.parse(await far('list', '--json'))).toMatchObject([
      { id, name: 'worker', cwd: there.cwd, state: 'idle' },
    ]);
    const local = await runClaudex(['list', '--json'], { env: there.env(api), cwd: there.cwd });
    expect(Object.keys(JSON.parse(await far('list', '--json'))[0])).toEqual(Object.keys(JSON.parse(local.stdout)[0]));
    // longer than what an event tells of it
    const long = 'a long answer '.repeat(60).trim();
    expect(await far('ask', 'worker', `SAY[${long}]`)).toBe(`${long}\n`);

    const attached = machine.inTerminal(['attach', 'worker']);
    await attached.waitForScreen((screen) => promptBox(screen) === '', patient);
    attached.type('typed from afar');
    await attached.waitForScreen((screen) => promptBox(screen) === 'typed from afar', patient);
    expect(await far('peek', 'worker')).toContain('typed from afar');
    attached.key('ctrl-c');
    await attached.waitForScreen((screen) => promptBox(screen) === '', patient);
    attached.key('ctrl-\\');
    expect(await attached.waitForExit()).toMatchObject({ code: 0 });
    expect(attached.screen()).toContain('claudex --host devbox attach worker');
    expect(attached.modes()).toEqual({
      bracketedPaste: false,
      applicationCursorKeys: false,
      mouseTracking: 'none',
      sendFocus: false,
    });

    const file = join(there.cwd, 'made');
    const sent = (
      await far('send', 'worker', callsTool('Bash', { command: `touch ${file}`, description: 'make' }))
    ).trim();
    const asked = async () => JSON.parse(await far('waiting', '--json'));
    await until(async () => (await asked()).length === 1, patient);
    const [question] = await asked();
    expect(question).toMatchObject({ tool: 'Bash', session: id, shown: expect.stringContaining(`touch ${file}`) });
    expect(await far('waiting')).toContain(`claudex --host devbox approve ${question.id}\n`);
    expect(existsSync(file)).toBe(false);
    expect(await far('approve', question.id)).toContain(`Approved: Bash in worker (${question.id})`);
    await until(() => existsSync(file), patient);
    await until(async () => JSON.parse(await far('inbox', 'show', sent, '--json')).state === 'answered', patient);

    const told = () => JSON.stringify(api.requests.at(-1)?.body ?? null);
    await far('send', 'worker', callsTool('Bash', { command: `touch ${file}-not`, description: 'make' }));
    await until(async () => (await asked()).length === 1, patient);
    expect(await far('deny', (await asked())[0].id, 'not from afar')).toContain('Denied: Bash in worker');
    await until(() => told().includes('not from afar'), patient);
    const options = ['Red', 'Blue'].map((label) => ({ label, description: `a ${label} one` }));
    const questions = [{ question: 'Which colour?', header: 'Colour', multiSelect: false, options }];
    await far('send', 'worker', callsTool('AskUserQuestion', { questions }));
    await until(async () => (await asked()).length === 1, patient);
    const [choice] = await asked();
    expect(choice).toMatchObject({ kind: 'question', choices: [{ question: 'Which colour?' }] });
    expect(await far('answer', choice.id, 'Blue')).toContain('Answered: AskUserQuestion in worker');
    await until(() => /Which colour\?\W+Blue/.test(told()), patient);
    expect(existsSync(`${file}-not`)).toBe(false);

    await until(async () => JSON.parse(await far('history', 'worker', '--json')).length === 4, patient);
    expect(await far('search', '--all', '--json', 'a long answer')).toContain('"where": "answer"');
    expect(await far('stop', 'worker', '--now', '--json')).toContain(id);
    await until(async () => JSON.parse(await far('list', '--all', '--json'))[0].state === 'stopped', patient);
    expect(await far('ask', '--start', there.dir('elsewhere'), 'SAY[started for this]')).toBe('started for this\n');
  });
});
