/** Viewers of a managed session in real terminals: what they leave behind, and what they cannot do to claude and to each other. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isStopped } from '../../../src/process/identity.ts';
import { verifies } from '../../requirements.ts';
import { claudexBin, fixture, runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive, processesWithEnvironment } from '../../support/processes.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { repetitions } from '../../support/repetition.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

describe('viewers of a managed session', () => {
  const bed = useTestBed();

  /** A session that this program is the claude of. */
  async function started(home: HermeticHome, program: string, env: Record<string, string> = {}): Promise<string> {
    await runClaudex(['daemon', 'start'], { env: home.env() });
    const { id } = await daemonClient(home).startManaged({
      cwd: home.cwd,
      args: [],
      env: { ...home.env(), CLAUDEX_CLAUDE_BIN: program, ...env },
      claudeSessionId: null,
      keepWarm: true,
      restart: 'never',
    });
    return id;
  }

  const hostFile = (home: HermeticHome, id: string) =>
    JSON.parse(readFileSync(join(home.claudexHome, 'hosts', `${id}.json`), 'utf8'));

  it(`Ctrl-Z suspends the viewer, fg brings it back, and claude notices nothing ${verifies('attach-viewers')}`, async () => {
    const home = bed.home();
    const id = await started(home, fixture('dump-input.mjs'), { DUMP_PASTE: '1' });
    const claude = hostFile(home, id).claude.pid;
    const inputrc = join(home.root, 'inputrc');
    writeFileSync(inputrc, 'set enable-bracketed-paste off\n');
    const env = { ...home.env(), PS1: 'shell> ', NODE: process.execPath, INPUTRC: inputrc };
    const shell = startInPty('bash', ['--norc', '--noprofile', '-i'], { cwd: home.cwd, env });
    await shell.waitForScreen('shell>');
    shell.write(`stty -a > before; "$NODE" '${claudexBin}' attach\r`);
    await shell.waitForScreen(/^ready/m);
    shell.write('x');
    await shell.waitForScreen(/^78$/m);
    for (const suspend of ['\x1a', '\x1b[122;5u']) {
      shell.write(suspend);
      await shell.waitForScreen((screen) => /Stopped[\s\S]*shell>$/.test(screen.trimEnd()));
      expect(isStopped(claude)).toBe(false);
      expect(shell.modes().bracketedPaste).toBe(false);
      // a suspended one is nobody: it neither decides the size nor keeps the session awake
      await until(() => hostFile(home, id).viewers === 0);
      shell.write('clear; stty -a > during\r');
      await shell.waitForScreen((screen) => screen.trim() === 'shell>');
      shell.write('fg\r');
      await shell.waitForScreen(/^78$/m);
      await shell.waitForModes({ bracketedPaste: true });
    }
    shell.write('y');
    await shell.waitForScreen(/^79$/m);
    shell.key('ctrl-\\');
    await shell.waitForScreen((screen) => /Detached[\s\S]*shell>$/.test(screen.trimEnd()));
    shell.write('stty -a > after; exit\r');
    await shell.exit;
    const flags = (name: string): string => readFileSync(join(home.cwd, name), 'utf8');
    expect(flags('during')).toBe(flags('before'));
    expect(flags('after')).toBe(flags('before'));
    expect(isAlive(claude)).toBe(true);
  });

  it(`the detach key is found in pieces, and what was typed before it reaches claude ${verifies('attach-viewers')}`, async () => {
    const home = bed.home();
    const id = await started(home, fixture('dump-input.mjs'));
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env: home.env() });
    await viewer.waitForScreen('ready');
    viewer.write('ab\x1b[92;');
    viewer.write('133u');
    expect(await viewer.waitForExit()).toEqual({ code: 0, signal: null });
    // the program says in its own time what it has read
    const shown = async () => (await runClaudex(['peek', id], { env: home.env(), cwd: home.cwd })).stdout;
    await until(async () => (await shown()).replaceAll(/\s/g, '') === 'ready6162');
  });

  it(`a terminal is as it was found when the host is killed ${verifies('attach-viewers')}`, async () => {
    const home = bed.home();
    const id = await started(home, fixture('dump-input.mjs'), { DUMP_PASTE: '1' });
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env: home.env() });
    const flags = viewer.ttyFlags();
    await viewer.waitForScreen('ready');
    await viewer.waitForModes({ bracketedPaste: true });
    expect(viewer.ttyFlags()).not.toBe(flags);
    const { host, claude } = hostFile(home, id);
    process.kill(host.pid, 'SIGKILL');
    await viewer.waitForExit();
    expect(viewer.ttyFlags()).toBe(flags);
    expect(viewer.modes().bracketedPaste).toBe(false);
    await until(() => !isAlive(claude.pid));
  });

  it(`a viewer that is stopped keeps back neither claude, nor another viewer, nor the end of the host ${verifies('attach-viewers')}`, async () => {
    const home = bed.home();
    const keys = join(home.root, 'keys');
    const id = await started(home, fixture('flood.mjs'), { FLOOD_BYTES: '6000000', KEYS_FILE: keys });
    const { host } = hostFile(home, id);
    const stopped = startClaudex(['attach', '--read-only', id], { cwd: home.cwd, env: home.env() });
    await until(() => hostFile(home, id).viewers === 1);
    process.kill(stopped.pid, 'SIGSTOP');
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env: home.env() });
    await viewer.waitForExit();
    // all of the flood, then how it ended; the screen is drawn from what has come, and six megabytes take it a moment
    const shown = (): string => viewer.screen().replaceAll('\n', '');
    await until(() => /5999992\.[\s\S]* is crashed: claude ended with exit code 5/.test(shown()));
    await until(() => !isAlive(host.pid));
    process.kill(stopped.pid, 'SIGCONT');
    await stopped.waitForExit();
  });

  it(`a session is not shown inside itself, and nothing of it changes ${verifies('attach-viewers')}`, async () => {
    const home = bed.home();
    const shell = join(home.root, 'shell-as-claude');
    writeFileSync(shell, '#!/bin/sh\nPS1="inside> " exec bash --norc --noprofile -i\n', { mode: 0o755 });
    const id = await started(home, shell);
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env: home.env(), cols: 90, rows: 20 });
    await viewer.waitForScreen('inside>');
    viewer.write(`'${process.execPath}' '${claudexBin}' attach ${id}; stty size\r`);
    await viewer.waitForScreen(/from inside itself[\s\S]*^20 90$/m);
    await until(() => hostFile(home, id).viewers === 1);
    viewer.key('ctrl-\\');
    await viewer.waitForExit();
  });

  it(
    `starts and ends leave no process, descriptor, socket or file ${verifies('managed-leaves-nothing')}`,
    async () => {
      const home = bed.home();
      await runClaudex(['daemon', 'start'], { env: home.env() });
      const client = daemonClient(home);
      const { pid } = await client.status();
      const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length;
      const round = async (): Promise<void> => {
        const id = await started(home, '/bin/cat');
        await client.changeManaged(id, 'stop?now=true');
        await until(async () => (await client.managed()).every((one) => one.state === 'stopped'));
        await client.changeManaged(id, 'forget');
      };
      await round();
      await until(() => processesWithEnvironment([home.root]).every((one) => one === pid));
      const before = descriptors();
      for (let count = 0; count < repetitions(8, 300); count++) await round();
      await until(() => processesWithEnvironment([home.root]).every((one) => one === pid));
      await until(() => descriptors() <= before);
      expect(readdirSync(join(home.claudexHome, 'managed'))).toEqual([]);
      expect(readdirSync(join(home.claudexHome, 'hosts'))).toEqual([]);
    },
    repetitions(180_000, 1_800_000),
  );
});
