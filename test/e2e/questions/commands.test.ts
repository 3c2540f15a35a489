/** The commands beside the real claude: who is shown what is asked, and what answers it; also of what subagents ask. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import {
  type AskingClaude,
  agentPrompt,
  expectNoHooks,
  pressUntil,
  startAskingClaude,
} from '../../support/asking-claude.ts';
import { realClaudeIsAtLeast, realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const touch = (name: string) => ({ name: 'Bash', input: { command: `touch ${name}`, description: 'make a file' } });
const agent = (more: object = {}) => ({
  name: 'Agent',
  input: { description: 'some work', prompt: agentPrompt, subagent_type: 'general-purpose', ...more },
});

describe(`the commands, and what claude ${realClaudeVersion()} asks`, () => {
  const bed = useTestBed();

  const command = ({ home }: AskingClaude, ...args: string[]) => runClaudex(args, { env: home.env(), cwd: home.cwd });
  const has = ({ home }: AskingClaude, name: string) => existsSync(join(home.cwd, name));

  it('waiting --watch prints each change as it comes; answer --to answers the second of two', async () => {
    const claude = await startAskingClaude(bed);
    const { home } = claude;
    const watch = startClaudex(['waiting', '--watch'], { cwd: home.cwd, env: home.env(), cols: 120, rows: 40 });
    await claude.ask({
      name: 'AskUserQuestion',
      input: {
        questions: ['Which colour?', 'Which size?'].map((question) => ({
          question,
          header: 'H',
          multiSelect: false,
          options: ['Red', 'Blue'].map((label) => ({ label, description: `the ${label} one` })),
        })),
      },
    });
    const [question] = await claude.open();
    await watch.waitForScreen((screen) => screen.includes(`claudex answer ${question!.id} 1 --to 2 1`));
    expect(watch.screen()).toContain('2. Which size?');
    expect(await command(claude, 'answer', question!.id, '2', '--to', '2', 'a text of my own')).toMatchObject({
      code: 0,
      stdout: `Answered: AskUserQuestion in project (${question!.id}).\n`,
    });
    await claude.driver.waitForScreen('went on 1');
    expect(claude.results()).toContain('\\"Which colour?\\"=\\"Blue\\", \\"Which size?\\"=\\"a text of my own\\"');
    await watch.waitForScreen(/answered by .+, and taken/);
    watch.key('ctrl-c');
    expect(await watch.waitForExit()).toEqual({ code: 0, signal: null });
  });

  it('ask says what is asked, and the command that answers it; what hides in it is shown', async () => {
    const claude = await startAskingClaude(bed);
    // claude itself takes no control character in a command
    const text = 'touch yes.txt # \u202e\u200b';
    const prompt = claude.onPrompt({ name: 'Bash', input: { command: text, description: 'make a file' } });
    const { home } = claude;
    const asking = startClaudex(['ask', 'project', prompt], { cwd: home.cwd, env: home.env(), cols: 120, rows: 20 });
    await asking.waitForScreen('claudex approve q-');
    const [question] = await claude.open();
    await asking.waitForScreen((screen) => screen.includes(`claudex approve ${question!.id}`));
    expect(asking.screen()).toContain('touch yes.txt # ⟨U+202E⟩⟨U+200B⟩');
    for (const args of [['waiting'], ['waiting', question!.id], ['list']]) {
      const { stdout } = await command(claude, ...args);
      expect(stdout, args.join(' ')).toContain('⟨U+202E⟩');
      expect(stdout, args.join(' ')).not.toMatch(/[^\P{C}\n]/u);
    }
    expect((await command(claude, 'approve', question!.id)).code).toBe(0);
    await until(() => has(claude, 'yes.txt'));
    expect(await asking.waitForExit()).toEqual({ code: 0, signal: null });
    expect(asking.screen()).toContain('went on 1');
    expect(asking.rawOutput().toString('utf8')).not.toMatch(/[\u202e\u200b]/);
  });

  it('a subagent asks: it is named, and an answer from a shell lets it go on', async () => {
    const claude = await startAskingClaude(bed);
    claude.agentsDo(touch('agent.txt'));
    await claude.ask(agent({ run_in_background: false }));
    const [question] = await claude.open();
    // 2.1.332 has every agent work in the background
    if (realClaudeIsAtLeast('2.1.332'))
      return expect(question).toMatchObject({ agent: 'general-purpose', remote: false });
    expect(question).toMatchObject({ tool: 'Bash', agent: 'general-purpose', remote: true });
    expect((await command(claude, 'waiting')).stdout).toContain(
      'project (its general-purpose agent) wants to use Bash',
    );
    expect(await command(claude, 'approve', question!.id)).toMatchObject({ code: 0, stderr: '' });
    await until(() => has(claude, 'agent.txt'));
    expect(await claude.settled(question!.id, ({ taken }) => taken === true)).toMatchObject({ decision: 'allow' });
    await claude.driver.waitForScreen('went on 1');
    await expectNoHooks(claude.home);
  });

  it(`an agent in the background asks: claude shows its dialog, and the command says where it is answered ${verifies('answer-truth')}`, async () => {
    const claude = await startAskingClaude(bed);
    claude.agentsDo(touch('agent.txt'));
    await claude.ask(agent({ run_in_background: true }));
    const asked = async () => (await claude.client.questions()).filter(({ state }) => state === 'open');
    await until(async () => (await asked()).length === 1);
    await claude.driver.waitForScreen('Do you want to proceed?');
    const [question] = await asked();
    expect(question).toMatchObject({ tool: 'Bash', agent: 'general-purpose', remote: false });
    const given = await command(claude, 'approve', question!.id);
    expect(given).toMatchObject({ code: 3, stdout: '' });
    expect(given.stderr).toContain('That can be answered in its terminal only. A background agent asks');
    await pressUntil(claude.driver, 'enter', () => has(claude, 'agent.txt'));
    expect(await claude.settled(question!.id)).toMatchObject({ state: 'answered', via: 'terminal' });
    await expectNoHooks(claude.home);
  });
});
