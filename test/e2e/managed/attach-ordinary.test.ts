/** A session in a person's terminal, on the real claude: others look at it and type, and the person's terminal stays right. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everySession } from '../../../src/daemon-client/every-session.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForSessionRecord } from '../../support/daemon-watch.ts';
import { promptBox, submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe(`attaching to an ordinary session of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`a second terminal shows it and types, who typed last decides the size, and peek reads it ${verifies('ordinary-attach')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'the answer of claude' });
    const env = home.env(api);
    const own = startClaudex([], { cwd: home.cwd, env, cols: 100, rows: 30 });
    await waitForPromptBox(own, patient);
    await submitPrompt(own, 'a question of mine');
    await own.waitForScreen('the answer of claude', patient);
    const { id } = await waitForSessionRecord(home, (one) => one.state === 'idle' && one.supervised);

    const peeked = await runClaudex(['peek', id], { cwd: home.cwd, env });
    expect(peeked).toMatchObject({ code: 0, stderr: '' });
    expect(peeked.stdout).toContain('the answer of claude');

    const other = startClaudex(['attach', id], { cwd: home.cwd, env, cols: 80, rows: 24 });
    await other.waitForScreen('the answer of claude', patient);
    await waitForPromptBox(other, patient);
    const viewers = async () => (await everySession(daemonClient(home))).find((one) => one.id === id)?.viewers;
    await until(async () => (await viewers()) === 1, patient);
    other.type('from the other terminal');
    await other.waitForScreen((screen) => promptBox(screen) === 'from the other terminal', patient);
    // its size is that of the other terminal, and as much as fits is shown
    await own.waitForScreen((screen) => /^─{80}$/m.test(screen) && screen.includes('from the other terminal'), patient);

    own.type('!');
    await own.waitForScreen((screen) => /^─{100}$/m.test(screen), patient);
    await waitForPromptBox(own, { content: 'from the other terminal!', ...patient });
    await other.waitForScreen('from the other terminal!', patient);
    await own.waitForModes({ bracketedPaste: true }, patient);

    other.key('ctrl-\\');
    expect(await other.waitForExit(patient)).toEqual({ code: 0, signal: null });
    await until(async () => (await viewers()) === 0, patient);
    own.key('enter');
    await waitForSessionRecord(home, (one) => one.id === id && one.state === 'idle');
    await own.waitForScreen((screen) => screen.split('the answer of claude').length === 3, patient);
    own.type('/exit');
    await own.waitForScreen((screen) => promptBox(screen) === '/exit', patient);
    own.key('enter');
    expect(await own.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(own.modes()).toMatchObject({ bracketedPaste: false });
    await until(() => readdirSync(join(home.claudexHome, 'hosts')).length === 0, patient);
  });
});
