/** Another machine of the mesh, with the real claude on it: start, peek, what it asks and the answer, history, search. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { invite, joinWith, natsServer, startMesh, untilSeen } from '../../support/mesh.ts';
import { promptBox } from '../../support/real-claude.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe.runIf(natsServer !== undefined)(`another machine of the mesh with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`starts there, looks, approves, reads and searches ${verifies('mesh-asks')}`, async () => {
    const [laptop, devbox] = [bed.home(), bed.home()];
    const api = await bed.api(scriptedTools);
    const server = await startMesh(laptop, 'laptop');
    const seed = await invite(laptop, 'devbox');
    expect(await joinWith(devbox, server.url, 'devbox', seed, devbox.env(api))).toMatchObject({ code: 0 });
    const there = (...words: string[]) => runClaudex(words, { env: devbox.env(api), cwd: devbox.cwd, ...patient });
    for (const act of ['read', 'peek', 'answer', 'start']) await there('config', 'set', `mesh.${act}`, 'laptop');
    await untilSeen(laptop, ({ machines }) => machines[0]?.name === 'devbox' && !machines[0].away);
    await untilSeen(devbox, ({ machines }) => machines[0]?.name === 'laptop' && !machines[0].away);
    const here = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runClaudex(words, { env: laptop.env(), cwd: laptop.cwd, ...patient });
      expect([code, stderr], words.join(' ')).toEqual([0, expect.any(String)]);
      return stdout;
    };
    // claude's own arguments are for one's own machines; without these the newest claude decides by itself
    const asksFirst = ['--', '--permission-mode', 'default'];
    const { fingerprint } = JSON.parse(await here('mesh', 'status', '--json'));
    expect(await there('mesh', 'trust', 'laptop', '--fingerprint', fingerprint)).toMatchObject({ code: 0 });
    const id = (await here('start', `${devbox.cwd}@devbox`, '--name', 'worker', ...asksFirst)).trim();
    await until(async () => promptBox(await here('peek', 'worker@devbox')) === '', patient);

    const file = join(devbox.cwd, 'made');
    const call = callsTool('Bash', { command: `touch ${file}`, description: 'make' });
    const watching = startClaudex(['waiting', '--watch', '--machine', 'devbox'], {
      env: laptop.env(),
      cwd: laptop.cwd,
    });
    const sent = (await there('send', 'worker', call)).stdout.trim();
    await watching.waitForScreen(`touch ${file.slice(0, 20)}`, patient);
    const asked = async () => JSON.parse(await here('waiting', 'worker@devbox', '--json'));
    await until(async () => JSON.parse(await here('waiting', '--machine', 'devbox', '--json')).length === 1, patient);
    const question = await asked();
    expect(question).toMatchObject({ tool: 'Bash', session: id, shown: expect.stringContaining(`touch ${file}`) });
    expect(await here('waiting', '--mesh')).toContain(`claudex approve ${question.id}@devbox`);
    expect(await here('peek', 'worker@devbox')).toContain('touch');
    expect(existsSync(file)).toBe(false);
    expect(await here('approve', `${question.id}@devbox`)).toContain(`Approved: Bash in worker (${question.id})`);
    await until(() => existsSync(file), patient);
    await watching.waitForScreen('answered by the user on the machine laptop', patient);
    watching.key('ctrl-c');
    expect(await watching.waitForExit()).toMatchObject({ code: 0 });
    await until(
      async () => JSON.parse((await there('inbox', 'show', sent, '--json')).stdout).state === 'answered',
      patient,
    );
    const log = readFileSync(join(devbox.claudexHome, 'logs', 'questions.ndjson'), 'utf8');
    expect(log).toMatch(/"event":"answered".*"by":"the user on the machine laptop","via":"mesh"/);

    await until(async () => JSON.parse(await here('history', 'worker@devbox', '--json')).length === 1, patient);
    expect(await here('show', 'worker@devbox', '-1')).toContain(`touch ${file}`);
    const hits = JSON.parse(await here('search', 'worker@devbox', 'touch', '--json'));
    expect(hits[0]).toMatchObject({ machine: 'devbox' });
    expect((await there('stop', 'worker', '--now')).code).toBe(0);
    await server.stop();
  });
});
