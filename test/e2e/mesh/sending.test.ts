/** Messages to a session of another machine, with the real claude there: asleep and awake, proof and answer. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import { invite, joinWith, natsServer, startMesh, untilSeen } from '../../support/mesh.ts';
import { countInTranscripts } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe.runIf(natsServer !== undefined)(`sending to another machine with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`goes in once as a peer’s, is answered, and wakes a session that sleeps ${verifies('mesh-sending')}`, async () => {
    const [laptop, devbox] = [bed.home(), bed.home()];
    const api = await bed.api(() => ({ text: 'All of them pass.' }));
    const server = await startMesh(laptop, 'laptop');
    const seed = await invite(laptop, 'devbox');
    expect(await joinWith(devbox, server.url, 'devbox', seed, devbox.env(api))).toMatchObject({ code: 0 });
    const there = (...words: string[]) => runClaudex(words, { env: devbox.env(api), cwd: devbox.cwd, ...patient });
    const here = (...words: string[]) => runClaudex(words, { env: laptop.env(), cwd: laptop.cwd, ...patient });
    expect(await there('start', devbox.cwd, '--name', 'worker', '--idle-timeout', '1s')).toMatchObject({ code: 0 });
    await untilSeen(laptop, ({ machines }) => machines[0]?.name === 'devbox' && !machines[0].away);

    expect(await here('ask', 'worker@devbox', 'do the tests pass?')).toMatchObject({
      code: 0,
      stdout: 'All of them pass.\n',
    });
    const [asked] = JSON.parse((await here('inbox', 'list', '--all', '--json')).stdout);
    expect(asked).toMatchObject({ state: 'answered', recipient: { name: 'worker', machine: 'devbox' } });
    expect(countInTranscripts(devbox, `[claudex ${asked.id} from machine laptop: the user’s shell`)).toBe(1);

    const isNow = async (state: string): Promise<boolean> => (await daemonClient(devbox).managed())[0]?.state === state;
    await until(() => isNow('sleeping'), patient);
    expect(await here('ask', 'worker@devbox', 'and the new ones?')).toMatchObject({
      code: 0,
      stdout: 'All of them pass.\n',
    });

    await there('stop', 'worker');
    await until(() => isNow('stopped'), patient);
    const refused = await here('ask', 'worker@devbox', 'are you there?');
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('devbox: ') });
    await server.stop();
  });
});
