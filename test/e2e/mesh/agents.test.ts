/** A program that knows nothing of claudex prompts the real claude by the Synadia Agent Protocol, and answers what it asks. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { AgentClient, type Piece, textOf } from '../../support/agent-client.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { invite, natsServer, startMesh } from '../../support/mesh.ts';
import { callsTool, says, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe.runIf(natsServer !== undefined)(`a session as an agent with claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`is found, prompted, asked back and answers ${verifies('mesh-agents')}`, async () => {
    const home = bed.home();
    const env = home.env(await bed.api(scriptedTools));
    const claudex = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runClaudex(words, { env, cwd: home.cwd, ...patient });
      expect([code, stderr], words.join(' ')).toEqual([0, expect.any(String)]);
      return stdout;
    };
    const server = await startMesh(home, 'devbox');
    const client = await AgentClient.connect(server.url, 'ci', await invite(home, 'ci'));
    await claudex('config', 'set', 'mesh.agents', 'on');
    // without these the newest claude decides by itself
    await claudex('start', home.cwd, '--name', 'worker', '--', '--permission-mode', 'default');
    await until(async () => (await client.service('INFO')).length === 1, patient);
    const [agent] = await client.service('INFO');
    const { subject } = agent!.endpoints.find(({ name }) => name === 'prompt')!;
    expect(subject).toBe('agents.prompt.cc.devbox.worker');

    expect(textOf(await client.prompt(subject, says('hello from claude')))).toBe('hello from claude');

    // what claude asks is nobody's to answer from there, unless the setting says so
    const touch = (file: string): string => callsTool('Bash', { command: `touch ${file}`, description: 'make' });
    const [first, second] = [join(home.cwd, 'first'), join(home.cwd, 'second')];
    const seen: Piece[] = [];
    const turn = client.prompt(subject, touch(first), { seen: (piece) => void seen.push(piece) });
    await until(
      () => seen.some(({ type, data }) => type === 'status' && data.startsWith('waits for a person on devbox')),
      patient,
    );
    await until(async () => JSON.parse(await claudex('waiting', '--json')).length === 1, patient);
    const [question] = JSON.parse(await claudex('waiting', '--json'));
    await claudex('approve', question.id);
    expect((await turn).at(-1)?.type).toBe('response');
    expect(seen.some(({ type }) => type === 'query')).toBe(false);
    expect(existsSync(first)).toBe(true);

    await claudex('config', 'set', 'mesh.answer', 'ci');
    const asked: string[] = [];
    const answer = (piece: Piece): void => {
      if (piece.type !== 'query') return;
      asked.push(piece.data.prompt);
      client.connection.publish(piece.data.reply_subject, asked.length === 1 ? 'what?' : '{"prompt":"yes"}');
    };
    const pieces = await client.prompt(subject, touch(second), { seen: answer });
    expect(asked[0]).toContain(`touch ${second}`);
    expect(asked[1]).toContain('"yes" or "no"');
    expect(pieces.at(-1)?.type).toBe('response');
    expect(existsSync(second)).toBe(true);
    const log = readFileSync(join(home.claudexHome, 'logs', 'questions.ndjson'), 'utf8');
    expect(log).toContain('"by":"a program on the mesh (ci)","via":"mesh"');
    await claudex('stop', 'worker', '--now');
    await server.stop();
  });
});
