/** The library on the real claude: streams, schemas, limits, both modes. */
import { describe, expect, it } from 'vitest';
import { type ClientOptions, createClient, type StreamEvent } from '../../../src/warm/client.ts';
import { verifies } from '../../requirements.ts';
import { realClaudePath } from '../../support/claude-binary.ts';
import { isAlive } from '../../support/processes.ts';
import { callsTool, says, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { soak } from '../../support/warm-soak.ts';

describe(`the library on the real claude ${verifies('warm-library')}`, { timeout: 120_000 }, () => {
  const bed = useTestBed();

  async function start(options: ClientOptions = {}) {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const client = createClient({ claudeBinary: realClaudePath(), poolSize: 1, ...options });
    bed.defer(() => client.close());
    const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    return { home, api, client, base: { cwd: home.cwd, env: { ...none, ...home.env(api) } } };
  }

  it('streams tokens and tools as they come, warm too', async () => {
    const { client, base } = await start();
    await client.run(says('first'), base);
    const events: StreamEvent[] = [];
    const prompt = callsTool('Bash', { command: 'echo from-bash', description: 'x' });
    for await (const event of client.runStream(prompt, { ...base, allowedTools: ['Bash'] })) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['tool', 'token', 'done']);
    expect(events[0]).toMatchObject({ name: 'Bash', input: { command: 'echo from-bash' } });
    expect(events[1]).toMatchObject({ text: expect.stringContaining('from-bash') });
    expect(events[2]).toMatchObject({ result: { text: expect.stringContaining('from-bash'), turns: 2 } });
  });

  it('gives structured output, for each question anew', async () => {
    const { client, base } = await start();
    const jsonSchema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
    for (const n of [1, 2]) {
      const result = await client.run(callsTool('StructuredOutput', { n }), { ...base, jsonSchema });
      expect(result.structuredOutput).toEqual({ n });
    }
    expect(client.stats().counters).toMatchObject({ spawn: 1, reuse: 1 });
  });

  it('fails with what claude says: the API, the turns, the arguments', async () => {
    const { client, base } = await start();
    await expect(client.run('APIFAIL', base)).rejects.toMatchObject({
      code: 'CLAUDE_ERROR',
      message: expect.stringContaining('400'),
    });
    const looping = callsTool('Bash', { command: 'echo x', description: 'x' });
    const limited = client.run(looping, { ...base, allowedTools: ['Bash'], maxTurns: 1 });
    await expect(limited).rejects.toMatchObject({
      code: 'CLAUDE_ERROR',
      message: expect.stringContaining('max_turns'),
    });
    const refused = client.run('x', { ...base, permissionMode: 'nonsense' });
    await expect(refused).rejects.toMatchObject({ code: 'CLAUDE_ERROR', message: expect.stringContaining('nonsense') });
    expect((await client.run(says('still here'), base)).text).toBe('still here');
  });

  it('answers in print mode from a process of its own each time', async () => {
    const { client, base } = await start({ mode: 'print' });
    expect((await client.run(says('a'), base)).text).toBe('a');
    expect((await client.run(says('b'), base)).text).toBe('b');
    expect(client.stats().counters).toMatchObject({ spawn: 2, reuse: 0, reset: 0 });
  });

  it(`gives every question its own answer under aborts, timeouts and kills (seeded) ${verifies('warm-fresh', 'warm-hygiene')}`, async () => {
    const { client, base } = await start({ poolSize: 2 });
    const report = await soak(client, {
      requests: 40,
      seed: 11,
      concurrency: 3,
      run: base,
      prompt: (word) => says(`${word}.`),
    });
    expect(report.wrong).toEqual([]);
    expect(report.answered).toBeGreaterThan(20);
    await client.close();
    expect(report.pids.filter(isAlive)).toEqual([]);
  });
});
