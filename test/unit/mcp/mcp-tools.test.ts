/** The tools as a client sees them, and the pages they answer in. */
import { describe, expect, it } from 'vitest';
import { ClaudexError } from '../../../src/errors/claudex-error.ts';
import { maxPageChars, pageOf, pageOfText, parseCursor, preview } from '../../../src/mcp/pages.ts';
import { z } from '../../../src/mcp/sdk.ts';
import { errorResult, wrongArgumentsResult } from '../../../src/mcp/tool-errors.ts';
import { tools } from '../../../src/mcp/tools.ts';
import { verifies } from '../../requirements.ts';

describe(`tools ${verifies('mcp-tools')}`, () => {
  it('are the seven', () => {
    const names = [
      'whoami',
      'list_instances',
      'send_message',
      'read_inbox',
      'read_history',
      'search_history',
      'get_turn',
    ];
    expect(tools.map((tool) => tool.name)).toEqual(names);
  });

  const properties = Object.fromEntries(
    tools.map((tool) => [tool.name, Object.keys((z.toJSONSchema(tool.input) as { properties: object }).properties)]),
  );

  it('take what the issue says', () => {
    expect(properties).toMatchObject({
      whoami: [],
      list_instances: ['cursor'],
      send_message: ['to', 'body', 'kind', 'wait_seconds', 'reply_to'],
      read_inbox: ['drain', 'message', 'cursor'],
      read_history: ['id', 'last_n_turns', 'redact', 'cursor'],
      search_history: ['id', 'query', 'options', 'cursor'],
      get_turn: ['id', 'turn_index', 'redact', 'cursor'],
    });
  });

  describe.each(tools)('$name', (tool) => {
    it('is described in at most 2 KB: when to use it, what comes back', () => {
      expect(Buffer.byteLength(tool.description)).toBeLessThanOrEqual(2048);
      expect(tool.description).toMatch(/\nUse it /);
      expect(tool.description).toContain('Comes back: ');
    });

    it('takes its own example, and nothing it does not know', () => {
      expect(tool.input.safeParse(tool.example)).toMatchObject({ success: true });
      expect(tool.input.safeParse({ ...tool.example, colour: 'red' })).toMatchObject({ success: false });
      expect(z.toJSONSchema(tool.input)).toMatchObject({ type: 'object', additionalProperties: false });
    });

    it('tells of each argument in its schema', () => {
      const schema = z.toJSONSchema(tool.input) as unknown as {
        properties: Record<string, { description?: string; type: string }>;
      };
      for (const [name, one] of Object.entries(schema.properties)) {
        if (one.type !== 'object') expect(one.description, name).toBeTruthy();
      }
    });

    it('answers wrong arguments with what is right', () => {
      const result = wrongArgumentsResult(tool, '✖ nonsense');
      const [content] = result.content as Array<{ text: string }>;
      expect(result.isError).toBe(true);
      for (const name of properties[tool.name]!) expect(content!.text).toContain(`"${name}"`);
      expect(content!.text).toContain(JSON.stringify(tool.example));
    });
  });

  it('an error names the tool that helps, not a command', () => {
    const result = errorResult(new ClaudexError('NO_SUCH_SESSION', 'Asked for "x".'));
    expect(result).toMatchObject({ isError: true, structuredContent: { error: { code: 'NO_SUCH_SESSION' } } });
    expect(JSON.stringify(result)).toContain('list_instances');
  });
});

describe(`pages ${verifies('mcp-tools')}`, () => {
  it.each(['x', '"', '\u0001', '語', '👩‍🚀', 'a\n'])(
    'put a long text of %j together again, each page small enough',
    (unit) => {
      const text = unit.repeat(9000);
      let whole = '';
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = pageOfText(text, parseCursor(cursor));
        expect(JSON.stringify(page.text).length).toBeLessThanOrEqual(maxPageChars + 2);
        expect(page.text.isWellFormed()).toBe(true);
        whole += page.text;
        cursor = page.nextCursor;
      } while (cursor !== undefined && ++pages < 100);
      expect(whole).toBe(text);
    },
  );

  it('put a long list together again', () => {
    const all = Array.from({ length: 300 }, (_, index) => ({ index, text: 'x'.repeat(index * 2) }));
    const whole: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = pageOf(all, parseCursor(cursor));
      expect(JSON.stringify(page.items).length).toBeLessThan(maxPageChars + 1000);
      whole.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(whole).toEqual(all);
  });

  it('show one item that is larger than a page, rather than nothing for ever', () => {
    expect(pageOf(['x'.repeat(maxPageChars * 2), 'y'], 0)).toMatchObject({ nextCursor: '1' });
  });

  it('say how long a text is that is shown by its beginning', () => {
    expect(preview('short', 10)).toBe('short');
    expect(preview('0123456789abc', 10)).toBe('0123456789… (13 characters in all)');
  });

  it.each(['-1', 'next', '', '1.5', '9'.repeat(13)])('refuse the cursor %j', (cursor) => {
    expect(() => parseCursor(cursor)).toThrow('next_cursor');
  });
});
