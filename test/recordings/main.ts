/**
 * `npm run record -- [name…]`: records real programs on a terminal of 100 by 30 into test/fixtures/recordings, for the
 * proof that whoever attaches sees what they show. Needs vim, less, htop and tmux for those; claude is the one that the tests use.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realClaudePath, realClaudeVersion } from '../support/claude-binary.ts';
import { repositoryRoot } from '../support/claudex-bin.ts';
import { createHermeticHome } from '../support/hermetic-home.ts';
import { type LoopbackReply, startLoopbackApi } from '../support/loopback-api.ts';
import { type PtyDriver, startInPty } from '../support/pty-driver.ts';
import { submitPrompt, waitForPromptBox } from '../support/real-claude.ts';
import { disposeResources, registerResource } from '../support/resources.ts';
import { type Recording, writeRecording } from './recording.ts';

const size = { cols: 100, rows: 30 };
const code = join(repositoryRoot, 'src', 'terminal', 'terminal-modes.ts');
/** A program without a word of its own is at rest when it has not written for this long. */
const quietMs = 400;

const plays: Record<string, (tape: Tape) => Promise<void>> = {
  [`claude-${realClaudeVersion()}`]: playClaude,
  vim: playVim,
  less: playLess,
  htop: playHtop,
  tmux: playTmux,
};

class Tape {
  readonly home = createHermeticHome();
  readonly #marks: Recording['marks'] = [];
  #driver: PtyDriver | undefined;

  start(file: string, args: string[], env: Record<string, string> = {}): PtyDriver {
    this.#driver = startInPty(file, args, {
      cwd: this.home.cwd,
      env: { ...this.home.env(), COLORTERM: 'truecolor', ...env },
      ...size,
    });
    return this.#driver;
  }

  /** Notes that `name` is on the screen, once the program has come to rest. */
  async mark(name: string, after?: string | RegExp | ((screen: string) => boolean)): Promise<void> {
    const driver = this.#driver!;
    if (after) await driver.waitForScreen(after);
    await quiet(driver);
    this.#marks.push({ at: driver.rawOutput().length, name });
  }

  recording(): Recording {
    return { ...size, output: this.#driver!.rawOutput(), marks: this.#marks };
  }
}

async function playClaude(tape: Tape): Promise<void> {
  const gates: Array<() => void> = [];
  const held = (): Promise<void> => new Promise((resolve) => gates.push(resolve));
  const replies: Record<string, () => LoopbackReply> = {
    working: () => ({ text: longAnswer, until: held() }),
    permission: () => ({ toolUse: { name: 'Bash', input: { command: 'touch made', description: 'Make a file' } } }),
    question: () => ({
      toolUse: {
        name: 'AskUserQuestion',
        input: {
          questions: [
            {
              question: 'Which way?',
              header: 'Way',
              multiSelect: false,
              options: [
                { label: 'Left', description: 'the long one' },
                { label: 'Right', description: 'the short one' },
              ],
            },
          ],
        },
      },
    }),
  };
  // claude calls a rejected dialog a tool's result, in one request with the next prompt: the newest word counts, once
  const asked: string[] = [];
  const api = await startLoopbackApi(({ prompt, body }) => {
    const word = Object.keys(replies).findLast((one) => prompt.includes(`test ${one}`));
    if (!word || (asked.includes(word) && word !== 'working')) return { text: 'Done: 日本語, e\u0301, 👩‍💻.' };
    if (body.tools?.length) asked.push(word);
    return replies[word]!();
  });
  registerResource({ label: 'api', dispose: () => api.close() });
  writeFileSync(join(tape.home.cwd, 'notes.md'), 'a file\n');
  const driver = tape.start(realClaudePath(), ['--permission-mode', 'default'], { ...tape.home.env(api) });
  await waitForPromptBox(driver);
  await tape.mark('prompt box');
  driver.paste('a draft of\nthree lines,\nwide: 日本語');
  await tape.mark('draft', '日本語');
  driver.key('ctrl-u');
  driver.key('ctrl-u');
  driver.key('ctrl-u');
  for (let press = 0; press < 60; press++) driver.key('backspace');
  await waitForPromptBox(driver);
  await quiet(driver);
  driver.type('/');
  await tape.mark('slash menu', /\/[a-z-]+\s{2,}\S/);
  driver.key('backspace');
  await quiet(driver);
  await submitPrompt(driver, 'test working please');
  await driver.waitForScreen(/esc to interrupt|…/);
  await pause(1200);
  await tape.mark('working');
  for (const open of gates) open();
  await tape.mark('long answer', 'last line of the answer');
  driver.write('\x0f');
  await tape.mark('transcript view');
  driver.write('\x0f');
  await waitForPromptBox(driver);
  await quiet(driver);
  await submitPrompt(driver, 'test permission please');
  await tape.mark('permission dialog', /Do you want|proceed/);
  driver.key('esc');
  await waitForPromptBox(driver);
  await quiet(driver);
  driver.key('ctrl-u');
  await quiet(driver);
  await submitPrompt(driver, 'test question please');
  await tape.mark('question', 'the short one');
  driver.key('enter');
  await waitForPromptBox(driver);
  await quiet(driver);
  driver.type('/model');
  await pause(500);
  driver.key('enter');
  await tape.mark('model dialog');
  driver.key('esc');
  await waitForPromptBox(driver);
  await quiet(driver);
  driver.type('?');
  await tape.mark('help');
  driver.key('backspace');
  await quiet(driver);
  driver.type('/exit');
  await pause(500);
  driver.key('enter');
  await driver.waitForExit();
}

const longAnswer = [
  '# A heading',
  '',
  ...Array.from(
    { length: 40 },
    (_, line) => `${line + 1}. point **${line}** with \`code\` and a [link](https://example.com/${line})`,
  ),
  '',
  '```ts',
  'export const answer: number = 42; // the answer',
  '```',
  '',
  '| a | b |',
  '|---|---|',
  '| 日本 | e\u0301 |',
  '',
  'last line of the answer',
].join('\n');

async function playVim(tape: Tape): Promise<void> {
  const driver = tape.start('vim', [
    '-u',
    'NONE',
    '-N',
    '-c',
    'set ttymouse=sgr mouse=a number laststatus=2 | syntax on',
    code,
  ]);
  await tape.mark('a file');
  driver.type('50G');
  await tape.mark('scrolled');
  driver.type(':vsplit\r:split\r');
  await tape.mark('windows');
  driver.type('ihello, wörld 日本語\x1b');
  await tape.mark('typed');
  driver.type('\x04\x04\x15');
  await tape.mark('scrolled by half');
  driver.type('VGG');
  await tape.mark('selection');
  driver.type('\x1b/export\r');
  await tape.mark('search');
  driver.type(':qa!\r');
  await driver.waitForExit();
  await tape.mark('left');
}

async function playLess(tape: Tape): Promise<void> {
  const driver = tape.start('less', ['-N', code]);
  await tape.mark('a file');
  driver.type('   ');
  await tape.mark('paged');
  driver.type('/export\r');
  await tape.mark('search');
  driver.type('kkkkk');
  await tape.mark('scrolled back');
  driver.type('q');
  await driver.waitForExit();
  await tape.mark('left');
}

async function playHtop(tape: Tape): Promise<void> {
  const driver = tape.start('htop', ['--delay', '100']);
  await tape.mark('processes', 'F10');
  driver.type('t');
  await tape.mark('tree');
  driver.write('\x1b[15~');
  driver.key('down');
  driver.key('down');
  await tape.mark('moved');
  driver.write('\x1bOP');
  await tape.mark('help');
  driver.type('q');
  await quiet(driver);
  driver.write('\x1bOQ');
  await tape.mark('setup');
  driver.write('\x1b[21~');
  await quiet(driver);
  driver.type('q');
  await driver.waitForExit();
  await tape.mark('left');
}

async function playTmux(tape: Tape): Promise<void> {
  const socket = join(tape.home.root, 'tmux');
  const driver = tape.start('tmux', ['-f', '/dev/null', '-S', socket, 'new-session', 'sh']);
  await tape.mark('a shell');
  driver.type(`\x02"seq 200\r`);
  await tape.mark('panes', '200');
  driver.type(`\x02%cat ${code}\r`);
  await tape.mark('three panes');
  driver.type('\x02[');
  driver.type('\x1b[5~\x1b[5~');
  await tape.mark('copy mode');
  execFileSync('tmux', ['-S', socket, 'kill-server']);
  await driver.waitForExit();
  await tape.mark('left');
}

/** Resolves when the program has not written for a while. */
async function quiet(driver: PtyDriver): Promise<void> {
  for (let before = -1; before !== driver.rawOutput().length; ) {
    before = driver.rawOutput().length;
    await pause(quietMs);
    // a spinner never rests
    if (before > 0 && driver.rawOutput().length - before < 200) return;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const names = process.argv.slice(2);
for (const [name, play] of Object.entries(plays)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const tape = new Tape();
  try {
    await play(tape);
    const recording = tape.recording();
    writeRecording(name, recording);
    console.log(`${name}: ${recording.output.length} bytes, ${recording.marks.map((one) => one.name).join(', ')}`);
  } finally {
    await disposeResources();
  }
}
process.exit();
