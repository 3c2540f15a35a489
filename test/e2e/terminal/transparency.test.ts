/** The real claude, driven by the same keys with and without claudex: the same screens. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudePath, realClaudeVersion } from '../../support/claude-binary.ts';
import { claudexBin } from '../../support/claudex.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { promptBox, submitPrompt } from '../../support/real-claude.ts';
import { type TestBed, useTestBed } from '../../support/test-bed.ts';

interface Snapshot {
  moment: string;
  screen: string;
  cursor: { column: number; row: number };
  modes: ReturnType<PtyDriver['modes']> & { alternateScreen: boolean };
}

/** A screen is final when claude has written nothing for this long. */
const stillMs = 500;

/**
 * Plays the script in a shell and keeps what stands on the screen at each moment worth looking at: when it stands still, or,
 * with `expected`, when it shows what it showed the first time.
 */
async function play(bed: TestBed, command: string, expected?: readonly Snapshot[]): Promise<Snapshot[]> {
  const home = bed.home();
  const api = await bed.api((request) =>
    request.prompt.includes('make a file') && !request.isToolResult
      ? { toolUse: { name: 'Bash', input: { command: 'touch made-by-tool', description: 'make a file' } } }
      : { text: 'This is **the answer**.' },
  );
  const env = home.env(api, {
    CLAUDEX_CLAUDE_BIN: realClaudePath(),
    CLAUDEX_BADGE: 'false',
    PS1: 'shell> ',
  });
  // a name that is the same both times: the shell prints it when the job stops
  const script = join(home.root, 'claude');
  writeFileSync(script, `#!/bin/sh\nexec ${command} --permission-mode default\n`);
  chmodSync(script, 0o755);
  const driver = startInPty('bash', ['--norc', '--noprofile', '-i'], { cwd: home.cwd, env });
  const snapshots: Snapshot[] = [];
  const isAtRest = (screen: string): boolean => promptBox(screen) !== undefined && !/esc to interrupt/.test(screen);
  const keep = async (moment: string, wanted: (screen: string) => boolean): Promise<void> => {
    const first = expected?.[snapshots.length];
    await driver.waitForScreen(wanted, { timeoutMs: 30_000 });
    if (first) {
      await driver.waitForScreen((screen) => withoutChance(screen, home.root) === first.screen).catch(() => undefined); // the comparison below says what is different
    } else {
      await stillScreen(driver);
    }
    snapshots.push({
      moment,
      screen: withoutChance(driver.screen(), home.root),
      cursor: driver.cursor(),
      modes: { ...driver.modes(), alternateScreen: driver.inAlternateScreen() },
    });
  };
  await driver.waitForScreen('shell>');
  driver.write('clear; ../../claude\r');
  await keep('the prompt box', isAtRest);
  await submitPrompt(driver, 'say something');
  await keep('an answer', (screen) => isAtRest(screen) && screen.includes('the answer'));
  driver.type('a draft of two');
  driver.write('\\');
  driver.key('enter');
  driver.type('lines, and é漢字');
  await keep('a draft', (screen) => promptBox(screen)?.includes('é漢字') === true);
  driver.key('ctrl-z');
  await keep('suspended', (screen) => /Stopped[\s\S]*shell>$/.test(screen.trimEnd()));
  driver.write('fg\r');
  await keep('brought back', (screen) => promptBox(screen)?.includes('é漢字') === true);
  driver.key('ctrl-c');
  await driver.waitForScreen((screen) => promptBox(screen) === '' || isPlaceholder(screen));
  await submitPrompt(driver, 'please make a file');
  await keep('a permission dialog', (screen) => /Do you want to/.test(screen) && /Esc to cancel/.test(screen));
  driver.key('esc');
  await driver.waitForScreen(isAtRest);
  driver.type('/model');
  await driver.waitForScreen((screen) => promptBox(screen)?.startsWith('/model') === true);
  driver.key('enter');
  await keep('/model', (screen) => /Select model/.test(screen) && /Enter to/.test(screen));
  driver.key('esc');
  await driver.waitForScreen((screen) => isAtRest(screen) && !/Select model/.test(screen));
  driver.paste(`${'a line of the paste, forty bytes in all\n'.repeat(500)}the end`);
  await keep('a paste of 20 kB', (screen) => /Pasted text #1 \+500 lines/.test(screen));
  driver.resize(72, 20);
  await keep('a smaller window', (screen) => /Pasted text #1/.test(screen) && ruleWidth(screen) === 72);
  driver.resize(110, 34);
  await keep('a larger window', (screen) => /Pasted text #1/.test(screen) && ruleWidth(screen) === 110);
  driver.key('ctrl-c');
  await driver.waitForScreen((screen) => !/Pasted text #1/.test(promptBox(screen) ?? ''));
  // the hint goes away by itself, and the next Ctrl-C is a first one again
  await driver.waitForScreen((screen) => !/again to exit/.test(screen));
  driver.key('ctrl-c');
  await driver.waitForScreen(/again to exit/);
  driver.key('ctrl-c');
  await keep('the shell again', (screen) => screen.trimEnd().endsWith('shell>'));
  driver.write('exit\r');
  await driver.exit;
  return snapshots;
}

async function stillScreen(driver: PtyDriver): Promise<void> {
  for (let seen = -1; seen !== driver.rawOutput().length; ) {
    seen = driver.rawOutput().length;
    await delay(stillMs);
  }
}

const isPlaceholder = (screen: string): boolean => /^Try "/.test(promptBox(screen) ?? '');

function ruleWidth(screen: string): number {
  return screen.split('\n').findLast((line) => /^─{8}/.test(line))?.length ?? 0;
}

/** What differs from one run of bare claude to the next: folders, random verbs, times, tips and examples. */
function withoutChance(screen: string, root: string): string {
  return (
    screen
      .replaceAll(root, '/tmp/cxt-ABCDEF')
      .replace(/^(✻|✢|✽|✶|·|\*) .*$/gm, '$1 …')
      .replace(/^❯[ \u00a0]Try ".*$/gm, '❯')
      .replace(/\d+(\.\d+)?s\b/g, '0s')
      // 2.1.330 repeats the options it was given, but not when --settings is among them (docs/terminal.md)
      .replace(/^claude .*--resume [0-9a-f-]{36}/gm, 'claude --resume an-id')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
  );
}

describe(`claude ${realClaudeVersion()} with and without claudex`, () => {
  const bed = useTestBed();

  it(`shows the same screens for the same keys ${verifies('terminal-bytes', 'terminal-size')}`, async () => {
    const direct = await play(bed, `'${realClaudePath()}'`);
    const through = await play(bed, `'${process.execPath}' '${claudexBin}'`, direct);
    expect(direct.map(({ moment }) => moment)).toHaveLength(11);
    for (const [index, expected] of direct.entries()) expect(through[index], expected.moment).toEqual(expected);
    // the comparison can fail
    expect(new Set(direct.map(({ screen }) => screen)).size).toBeGreaterThan(8);
  }, 180_000);
});
