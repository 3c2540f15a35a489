/** What src/claude knows of `claude -p`: its command line, its lines, its output, what a reset leaves. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesReadAtStart } from '../../../../src/claude/command-line/files-read-at-start.ts';
import { parsePrintArguments } from '../../../../src/claude/command-line/print-arguments.ts';
import { asPrinted, jsonOutput, printExitCode, textOutput } from '../../../../src/claude/command-line/print-output.ts';
import {
  isSlashPrompt,
  isUndoneByReset,
  processTraits,
  runningTotals,
  withoutTotals,
} from '../../../../src/claude/stream/fresh-start.ts';
import {
  belongsToTurn,
  parseStreamLine,
  type ResultLine,
  textDelta,
  toolCalls,
  userLine,
} from '../../../../src/claude/stream/stream-json.ts';
import { verifies } from '../../../requirements.ts';

const result = (fields: Partial<ResultLine> = {}): ResultLine => ({
  type: 'result',
  subtype: 'success',
  session_id: 's',
  result: 'answer',
  ...fields,
});

describe(`the command line of claude -p ${verifies('warm-same')}`, () => {
  it.each([
    [['hello'], { prompt: 'hello', args: [], format: 'text' }],
    [['-p', '--print', 'hello'], { prompt: 'hello', args: [] }],
    [['hello', 'more'], { prompt: 'hello' }],
    [['--model', 'sonnet', 'hello'], { prompt: 'hello', args: ['--model=sonnet'] }],
    [['--model=sonnet', 'hello'], { prompt: 'hello', args: ['--model=sonnet'] }],
    [
      ['hello', '--allowedTools', 'Read', 'Bash(git *)'],
      { prompt: 'hello', args: ['--allowedTools', 'Read', 'Bash(git *)'] },
    ],
    [['--allowedTools', 'Read', '--', 'hello'], { prompt: 'hello', args: ['--allowedTools', 'Read'] }],
    [['--allowedTools=Read', 'hello'], { prompt: 'hello', args: ['--allowedTools=Read'] }],
    [['--output-format', 'json', '--verbose', 'x'], { format: 'json', verbose: true, args: [] }],
    [['--max-turns', '3', 'x'], { maxTurns: '3', args: ['--max-turns=3'] }],
    [['--append-system-prompt', '--dashes', 'x'], { prompt: 'x', args: ['--append-system-prompt=--dashes'] }],
    [['--', '--continue'], { prompt: '--continue', cold: undefined }],
    [['--dangerously-skip-permissions', 'x'], { args: ['--dangerously-skip-permissions'], cold: undefined }],
  ])('%j', (words, wanted) => {
    expect(parsePrintArguments(words)).toMatchObject(wanted);
  });

  it.each([
    [['--continue', 'x'], '--continue'],
    [['-r', 'id', 'x'], '-r'],
    [['--session-id=1', 'x'], '--session-id'],
    [['--max-budget-usd', '1', 'x'], '--max-budget-usd'],
    [['--nonsense', 'x'], '--nonsense'],
    [['--output-format', 'xml', 'x'], '--output-format xml'],
    [['--output-format', 'stream-json', 'x'], '--output-format stream-json without --verbose'],
    [['--input-format', 'stream-json'], '--input-format stream-json'],
    [['--model'], '--model without a value'],
    [['--verbose=x', 'y'], '--verbose'],
    [['--print=x', 'y'], '--print'],
  ])('%j needs a process of its own', (words, cold) => {
    expect(parsePrintArguments(words).cold).toBe(cold);
  });
});

describe(`the output of claude -p ${verifies('warm-same')}`, () => {
  it('is the text with one newline, or why there is none', () => {
    expect(textOutput(result(), {})).toBe('answer\n');
    expect(textOutput(result({ result: 'answer\n' }), {})).toBe('answer\n');
    expect(textOutput(result({ subtype: 'error_max_turns' }), { maxTurns: '2' })).toBe('Error: Reached max turns (2)');
    expect(textOutput(result({ subtype: 'error_during_execution' }), {})).toBe('Execution error');
  });

  it('is the result as JSON, with --verbose all lines', () => {
    expect(jsonOutput(result(), undefined)).toBe(`${JSON.stringify(result())}\n`);
    expect(JSON.parse(jsonOutput(result(), [{ type: 'system' }]))).toEqual([{ type: 'system' }, result()]);
  });

  it('has nothing in it that only a stream has', () => {
    const extra = { begun_message_ids: ['m'], model_usage_since_last_result: {} };
    const said = result(extra);
    expect(asPrinted(said, { format: 'json', partial: false })).toEqual(result());
    expect(asPrinted(said, { format: 'stream-json', partial: true })).toEqual(said);
  });

  it('ends with 0 or 1', () => {
    expect(printExitCode(result())).toBe(0);
    expect(printExitCode(result({ is_error: true }))).toBe(1);
    expect(printExitCode(result({ subtype: 'error_max_turns' }))).toBe(1);
  });
});

describe('stream-json lines', () => {
  it('are objects with a type', () => {
    expect(parseStreamLine('{"type":"result"}')).toEqual({ type: 'result' });
    for (const text of ['', 'null', '1', '"x"', '{}', '{"type":1}', '{"type":'])
      expect(parseStreamLine(text)).toBeUndefined();
    expect(JSON.parse(userLine('a\nb'))).toEqual({ type: 'user', message: { role: 'user', content: 'a\nb' } });
    expect(userLine('a\nb').indexOf('\n')).toBe(userLine('a\nb').length - 1);
  });

  it('hold tokens and tool calls', () => {
    const delta = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'hi' } };
    expect(textDelta({ type: 'stream_event', event: delta })).toBe('hi');
    expect(textDelta({ type: 'stream_event', event: delta, parent_tool_use_id: 'agent' })).toBeUndefined();
    expect(textDelta({ type: 'stream_event', event: { type: 'message_stop' } })).toBeUndefined();
    const content = [{ type: 'text' }, { type: 'tool_use', id: 't', name: 'Bash', input: { command: 'ls' } }];
    expect(toolCalls({ type: 'assistant', message: { content } })).toEqual([
      { id: 't', name: 'Bash', input: { command: 'ls' } },
    ]);
    expect(toolCalls({ type: 'assistant' })).toEqual([]);
  });

  it('are somebody else’s turn when nobody has asked', () => {
    expect(belongsToTurn({ type: 'assistant' })).toBe(true);
    expect(belongsToTurn({ type: 'system', subtype: 'init' })).toBe(true);
    expect(belongsToTurn({ type: 'system', subtype: 'status' })).toBe(false);
    expect(belongsToTurn({ type: 'rate_limit_event' })).toBe(false);
  });
});

describe(`a reset ${verifies('warm-fresh')}`, () => {
  it('undoes what was tested, and nothing else', () => {
    const call = (name: string, input = {}): boolean => isUndoneByReset({ id: 'x', name, input });
    expect(call('Bash', { command: 'ls' })).toBe(true);
    expect(call('Bash', { command: 'ls', run_in_background: true })).toBe(false);
    for (const name of ['Task', 'CronCreate', 'EnterWorktree', 'mcp__x__y', 'Skill', 'TomorrowsTool'])
      expect(call(name)).toBe(false);
  });

  it('does not undo what claude’s own commands change', () => {
    expect(isSlashPrompt('/model haiku')).toBe(true);
    expect(isSlashPrompt('\n /effort low')).toBe(true);
    expect(isSlashPrompt('what is /tmp?')).toBe(false);
  });

  it('shows in the traits whether the process is what it was', () => {
    const init = { type: 'system', cwd: '/a', model: 'm', permissionMode: 'default', tools: ['B', 'A', 'mcp__x'] };
    expect(processTraits({ ...init, tools: ['A', 'B'] })).toBe(processTraits(init));
    for (const change of [{ cwd: '/b' }, { model: 'n' }, { permissionMode: 'plan' }, { tools: ['A'] }]) {
      expect(processTraits({ ...init, ...change })).not.toBe(processTraits(init));
    }
  });

  it('takes the sums of earlier requests off', () => {
    const usage = (tokens: number, cost: number) => ({ inputTokens: tokens, costUSD: cost, maxOutputTokens: 64 });
    const before = runningTotals(
      result({
        total_cost_usd: 0.0006,
        duration_api_ms: 40,
        result_index: 4,
        modelUsage: { m: usage(20, 0.0006), old: usage(1, 1) },
      }),
    );
    const now = withoutTotals(
      result({
        total_cost_usd: 0.0009,
        duration_api_ms: 50,
        result_index: 5,
        modelUsage: { m: usage(30, 0.0009), old: usage(1, 1) },
      }),
      before,
    );
    expect(now).toMatchObject({ total_cost_usd: 0.0003, duration_api_ms: 10, result_index: 0 });
    expect(now.modelUsage).toEqual({ m: usage(10, 0.0003) });
  });
});

describe(`files that claude reads at its start ${verifies('warm-fresh')}`, () => {
  it('make another process when they change, others do not', () => {
    const root = mkdtempSync(join(tmpdir(), 'cxt-launch-'));
    try {
      const cwd = join(root, 'package');
      const launch = { file: process.execPath, args: ['--settings=s.json'], cwd, env: { HOME: root } };
      const write = (name: string, text: string): void => {
        writeFileSync(join(root, name), text);
        utimesSync(join(root, name), new Date(), new Date(Date.now() + ++steps * 1000));
      };
      let steps = 0;
      mkdirSync(join(cwd, '.claude', 'agents', 'team'), { recursive: true });
      mkdirSync(join(root, '.claude', 'output-styles'), { recursive: true });
      const states = [filesReadAtStart(launch)];
      write('.claude/settings.json', '{}');
      states.push(filesReadAtStart(launch));
      write('package/s.json', '{}');
      states.push(filesReadAtStart(launch));
      write('.claude.json', '{"mcpServers":{"a":{}},"numStartups":1}');
      states.push(filesReadAtStart(launch));
      // an editor that writes in place leaves the folder as it is; what is above counts as well
      for (const name of ['package/.claude/agents/team/a.md', '.claude/output-styles/b.md', '.mcp.json']) {
        write(name, 'one');
        states.push(filesReadAtStart(launch));
        write(name, 'two');
        states.push(filesReadAtStart(launch));
      }
      expect(new Set(states).size).toBe(10);
      write('.claude.json', '{"mcpServers":{"a":{}},"numStartups":2}');
      write('CLAUDE.md', 'memory');
      expect(filesReadAtStart(launch)).toBe(states.at(-1));
      // claude is writing it
      write('.claude.json', '{"mcpServers":{"a":');
      expect(filesReadAtStart(launch)).toBe(states.at(-1));
      write('.claude.json', '{"mcpServers":{"b":{}}}');
      expect(states).not.toContain(filesReadAtStart(launch));
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
