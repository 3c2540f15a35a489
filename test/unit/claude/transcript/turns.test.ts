/**
 * Turns from transcripts that the real claude wrote, 2.1.197 and 2.1.330, in one conversation each with a loopback API: prompts,
 * tools, a subagent, hooks, an interrupt, a queued prompt, `!`, an API error, /compact, /rename, a resume; then /clear, a fork of
 * that, and `claude -p`. Bookkeeping records were thinned out and made short.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConversationHead } from '../../../../src/claude/transcript/conversation-files.ts';
import { TurnFold } from '../../../../src/claude/transcript/fold-turns.ts';
import { maxLineBytes, readLines } from '../../../../src/claude/transcript/read-blocks.ts';
import { readTurn, readTurns } from '../../../../src/claude/transcript/read-turns.ts';
import { parseRecord, type TranscriptRecord } from '../../../../src/claude/transcript/record.ts';
import { type Turn, toolsOf } from '../../../../src/claude/transcript/turn.ts';
import { indexTurns } from '../../../../src/claude/transcript/turn-index.ts';
import { scanTranscript } from '../../../../src/history/scan-transcript.ts';
import { createMatcher } from '../../../../src/history/search-query.ts';
import { verifies } from '../../../requirements.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/transcripts', import.meta.url));
const fixture = (version: string, name: string): string => join(fixtures, version, `${name}.jsonl`);
const versions = ['2.1.197', '2.1.330'];

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxt-turns-'));
  path = join(dir, 'transcript.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function turns(file: string): Turn[] {
  return [...readTurns(file)];
}

/** What a turn is, in a line. */
function outline(turn: Turn): string {
  const steps = turn.steps.map((step) =>
    step.kind === 'text' ? 'text' : step.kind === 'tool' ? `${step.name}${step.isError ? '!' : ''}` : `+${step.by}`,
  );
  const compacted = turn.compactedBefore ? 'compacted ' : '';
  return `${compacted}${turn.origin}: ${turn.prompt.split('\n')[0]} → ${steps.join(' ')} (${turn.outcome})`;
}

const prompt = (text: string, more: object = {}): TranscriptRecord => ({
  type: 'user',
  origin: { kind: 'human' },
  message: { content: text },
  ...more,
});
const answer = (text: string, stop = 'end_turn'): TranscriptRecord => ({
  type: 'assistant',
  message: { stop_reason: stop, content: [{ type: 'text', text }] },
});

function write(...records: unknown[]): void {
  writeFileSync(path, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

describe(`turns of real transcripts ${verifies('history-turns')}`, () => {
  it('2.1.197', () => {
    expect(turns(fixture('2.1.197', 'conversation')).map(outline)).toEqual([
      'person: first question "quoted" ünï → text (answered)',
      'person: USEBASH now → text Bash +queue text (answered)',
      'person: USEAGENT now → text Agent text (answered)',
      'person: hooky prompt → +hook text (answered)',
      'person: please WAKEME → text (answered)',
      'notification: <task-notification> → text (answered)',
      'person: please STOPBLOCK → text (answered)',
      'person: HOLDIT this one →  (interrupted)',
      'person: SLOWTOOL please → text Bash +queue text (answered)',
      'person: SLOWTOOL again → text Bash! (interrupted)',
      'person: HOLDIT that one → text (answered)',
      'person: queued question → text (answered)',
      'command: ! echo from-shell → +command text (answered)',
      'person: APIERROR please → text (failed)',
      'compacted person: after compact → text (answered)',
      'person: after resume → text (answered)',
    ]);
  });

  it('2.1.330', () => {
    expect(turns(fixture('2.1.330', 'conversation')).map(outline)).toEqual([
      'person: first question "quoted" ünï → text (answered)',
      'person: USEBASH now → text Bash +queue text (answered)',
      'person: USEAGENT now → text Agent text (answered)',
      'notification: <task-notification> → text (answered)',
      'person: hooky prompt → +hook text (answered)',
      'person: please WAKEME → text (answered)',
      'notification: <task-notification> → text (answered)',
      'person: please STOPBLOCK → text +hook (interrupted)',
      'person: HOLDIT this one →  (interrupted)',
      // three prompts that waited were sent together
      'person: SLOWTOOL please → +queue +queue text Bash +queue +queue text (answered)',
      'command: ! echo from-shell → +command text (answered)',
      'person: APIERROR please → text (answered)',
      'peer: Another Claude session sent a message: → text (answered)',
      'compacted person: after compact → text (answered)',
      'person: after resume → text (answered)',
    ]);
  });

  it.each(versions)('%s: what a tool was given and gave back', (version) => {
    const [tool] = toolsOf(readTurn(fixture(version, 'conversation'), 2));
    expect(tool).toMatchObject({ name: 'Bash', input: { command: 'seq 1 3000' }, resultBytes: 13892, isError: false });
    expect(tool!.result!.split('\n')).toHaveLength(3000);
    const shape = { words: (text: string) => text.toUpperCase(), tool: (text: string) => text.slice(0, 3) };
    const shaped = readTurn(fixture(version, 'conversation'), 2, shape);
    expect(toolsOf(shaped)[0]).toMatchObject({ input: { command: 'seq' }, result: '1\n2', resultBytes: 13892 });
    expect(shaped).toMatchObject({ prompt: 'USEBASH NOW', answer: 'THE TOOL HAS RUN: **DONE**.' });
  });

  it.each(versions)('%s: times and ids', (version) => {
    for (const turn of turns(fixture(version, 'conversation'))) {
      expect(turn.promptId).toMatch(/^[0-9a-f-]{36}$/);
      expect(Date.parse(turn.endedAt!)).toBeGreaterThanOrEqual(Date.parse(turn.startedAt!));
    }
  });

  it.each(versions)(
    '%s: a cleared conversation begins anew, a fork has the turns of its origin, -p is a program',
    (version) => {
      expect(turns(fixture(version, 'cleared')).map((turn) => turn.prompt)).toEqual(['after clear']);
      expect(turns(fixture(version, 'forked')).map((turn) => turn.prompt)).toEqual(['after clear', 'after fork']);
      expect(turns(fixture(version, 'print')).map((turn) => `${turn.origin} ${turn.prompt}`)).toEqual([
        'program print mode question',
      ]);
    },
  );

  it.each(versions)('%s: any turn by its number, from either end, and the last few', (version) => {
    const file = fixture(version, 'conversation');
    const all = turns(file);
    for (const turn of all) {
      expect(readTurn(file, turn.index)).toEqual(turn);
      expect(readTurn(file, turn.index - all.length - 1)).toEqual(turn);
    }
    for (let last = 0; last <= all.length + 1; last++) {
      expect([...readTurns(file, { last })]).toEqual(last === 0 ? [] : all.slice(-last));
    }
    for (const none of [0, all.length + 1, -all.length - 1]) {
      expect(() => readTurn(file, none)).toThrow(expect.objectContaining({ code: 'NO_SUCH_TURN' }));
    }
  });
});

describe('what else a transcript holds', () => {
  it('an end that was written before its beginning belongs to the first turn', () => {
    write(
      { type: 'mode' },
      answer('early'),
      { type: 'system', subtype: 'turn_duration' },
      prompt('one'),
      prompt('two'),
    );
    expect(turns(path).map((turn) => `${turn.prompt}: ${turn.answer}`)).toEqual(['one: early', 'two: ']);
  });

  it('a subagent among the others is left out', () => {
    write(
      prompt('one'),
      { ...prompt('sub'), isSidechain: true },
      { ...answer('sub answer'), isSidechain: true },
      answer('a'),
    );
    expect(turns(path).map(outline)).toEqual(['person: one → text (answered)']);
  });

  it('a command is a turn only when claude answers it; one in mid-turn does not end the turn', () => {
    const command = (name: string): TranscriptRecord =>
      prompt(`<command-name>/${name}</command-name>\n<command-args>x y</command-args>`, { origin: undefined });
    const output = {
      type: 'system',
      subtype: 'local_command',
      content: '<local-command-stdout>ok</local-command-stdout>',
    };
    write(
      command('clear'),
      output,
      prompt('one'),
      command('model'),
      output,
      answer('a'),
      command('review'),
      answer('b'),
    );
    expect(turns(path).map(outline)).toEqual([
      'person: one → text (answered)',
      'command: /review x y → text (answered)',
    ]);
  });

  it('peers, notifications, unknown origins; old records without one', () => {
    write(
      prompt('p', { origin: { kind: 'peer' }, isMeta: true }),
      prompt('t', { origin: { kind: 'task-notification' } }),
      prompt('n', { origin: { kind: 'new-in-2027' } }),
      prompt('o', { origin: undefined }),
      prompt('meta', { origin: undefined, isMeta: true }),
      prompt('summary', { origin: undefined, isCompactSummary: true }),
    );
    expect(turns(path).map((turn) => `${turn.prompt} ${turn.origin}`)).toEqual([
      'p peer',
      't notification',
      'n notification',
      'o person',
    ]);
  });

  it('a picture, a result in blocks, a result without its tool, a block that is none', () => {
    const picture = { type: 'image', source: { data: 'AAAA' } };
    write(
      prompt('x', { message: { content: [{ type: 'text', text: 'look' }, picture, null, 7] } }),
      {
        type: 'assistant',
        message: { content: [{ type: 'tool_use', id: 't1', name: 'Read', input: { file: ['a', 1] } }] },
      },
      { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 't1', content: [picture] }] } },
      { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'other', content: 'lost' }] } },
    );
    const [turn] = turns(path);
    expect(turn!.prompt).toBe('look\n[image]');
    expect(turn!.steps).toEqual([
      expect.objectContaining({ name: 'Read', input: { file: ['a', 1] }, result: '[image]', resultBytes: 7 }),
    ]);
    expect(turn!.outcome).toBe('open');
  });

  it('fields of another kind than we know: the record or the block is passed over, the rest is read', () => {
    const odd = { type: 'text', text: { parts: ['x'] } };
    write(
      prompt('one'),
      { type: 'user', cwd: 5, message: { content: 'no folder is a number' } },
      { type: 'assistant', message: { content: [odd, { type: 'tool_use', id: 't', name: 7 }, null, 5] } },
      { type: 'user', message: { content: [odd, 5] } },
      answer('done'),
    );
    expect(turns(path)).toMatchObject([{ prompt: 'one', answer: 'done', steps: [{ kind: 'text', text: 'done' }] }]);
    const matcher = createMatcher({ text: 'x', isRegex: false, ignoreCase: false });
    const options = { context: 0, maxHits: 9, mask: (text: string) => text };
    expect([...scanTranscript({ sessionId: 'id', path }, matcher, options)]).toEqual([]);
    expect(readConversationHead({ path, bytes: 0 })).toMatchObject({ cwd: null, firstPrompt: 'one' });
  });

  it('no file, an empty one, one without turns', () => {
    expect(turns(join(dir, 'nowhere.jsonl'))).toEqual([]);
    writeFileSync(path, '');
    expect(turns(path)).toEqual([]);
    writeFileSync(path, '\n\n{"type":"mode"}\n[]\nnull\n7\n');
    expect(turns(path)).toEqual([]);
  });
});

describe(`damaged and unfinished files ${verifies('history-damaged')}`, () => {
  /** Index and fold are two ways to count: they must agree on anything. */
  function expectAgreement(file: string): Turn[] {
    const found = turns(file);
    expect(found.map((turn) => turn.index)).toEqual(indexTurns(file).map((_, index) => index + 1));
    return found;
  }

  it.each(versions)('%s: the file as it stood at any moment', (version) => {
    const bytes = readFileSync(fixture(version, 'cleared'));
    const whole = turns(fixture(version, 'cleared'));
    for (let length = 0; length < bytes.length; length += 61) {
      writeFileSync(path, bytes.subarray(0, length));
      const found = expectAgreement(path);
      expect(whole.map((turn) => turn.prompt).slice(0, found.length)).toEqual(found.map((turn) => turn.prompt));
    }
  });

  it.each(versions)('%s: lines lost, cut, doubled, mixed up', (version) => {
    const lines = readFileSync(fixture(version, 'conversation'), 'utf8').trimEnd().split('\n');
    const random = seededRandom(version.length + 11);
    for (let round = 0; round < 40; round++) {
      const damaged = lines.flatMap((line) => {
        const dice = random();
        if (dice < 0.1) return [];
        if (dice < 0.2) return [line.slice(0, Math.floor(random() * line.length))];
        if (dice < 0.25) return [line, line];
        return dice < 0.3 ? [`\u0000${line}`, '{"type":', '\ufffd'] : [line];
      });
      if (round % 2 === 1) damaged.sort(() => random() - 0.5);
      writeFileSync(path, damaged.join('\n'));
      expectAgreement(path);
    }
  });

  it.each(versions)('%s: a file of many blocks, cut anywhere', (version) => {
    const whole = readFileSync(fixture(version, 'conversation'));
    const count = turns(fixture(version, 'conversation')).length;
    for (const filler of [0, 1, 1000, 500_000]) {
      // moves the ends of the blocks to other places
      writeFileSync(path, `${'x'.repeat(filler)}\n`);
      for (let times = 0; times < 30; times++) appendFileSync(path, whole);
      expect(expectAgreement(path)).toHaveLength(30 * count);
    }
  });

  it('a line longer than any record should be is passed over, those around it are not', () => {
    write(prompt('before'), answer('one'));
    appendFileSync(path, `{"type":"user","message":{"content":"${'x'.repeat(maxLineBytes + 3_000_000)}"}}\n`);
    appendFileSync(path, `${JSON.stringify(prompt('after'))}\n`);
    expect(turns(path).map((turn) => turn.prompt)).toEqual(['before', 'after']);
  });

  it('lines of every length around the size of a block come whole and in place', () => {
    const random = seededRandom(5);
    const lengths = [
      524_287,
      524_288,
      524_289,
      1,
      1_048_576,
      3_000_000,
      ...Array.from({ length: 200 }, () => random() * 20_000),
    ];
    const lines = lengths.map((length, index) => `${index}:${'é'.repeat(length / 2)}`);
    writeFileSync(path, lines.join('\n\n'));
    const bytes = readFileSync(path);
    let count = 0;
    for (const line of readLines(path)) {
      const text = line.bytes.toString('utf8');
      if (text !== lines[count]) throw new Error(`line ${count} is ${text.slice(0, 40)}`);
      expect(bytes.subarray(line.offset, line.offset + line.bytes.length).equals(line.bytes)).toBe(true);
      expect(line.isEnded).toBe(++count < lines.length);
    }
    expect(count).toBe(lines.length);
    expect([...readLines(path, 0, Buffer.byteLength(lines[0]!))]).toHaveLength(1);
  });
});

describe('following', () => {
  it('tells of each step once, of the end of work, and of what comes after', () => {
    const told: string[] = [];
    const fold = new TurnFold({
      onStart: (turn) => told.push(`start ${turn.prompt}`),
      onStep: (_, step) => told.push(step.kind),
      onResult: (_, tool) => told.push(`result ${tool.result}`),
      onRest: (turn) => told.push(`rest ${turn.outcome}`),
      onEnd: (turn) => told.push(`end ${turn.answer}`),
    });
    for (const { bytes } of readLines(fixture('2.1.197', 'conversation'))) {
      const record = parseRecord(bytes);
      if (record) fold.push(record);
      if (fold.turn?.index === 3) break;
    }
    fold.end();
    expect(told.map((one) => one.slice(0, 25).trimEnd())).toEqual([
      'start first question "quo',
      'text',
      'rest answered',
      'end answer to: security r',
      'start USEBASH now',
      'text',
      'tool',
      'result 1\n2\n3\n4\n5\n6\n7\n8\n9',
      'added',
      'text',
      'rest answered',
      'end The tool has run: **d',
      'start USEAGENT now',
      'end',
    ]);
  });
});
