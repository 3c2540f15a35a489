import { describe, expect, it } from 'vitest';
import { QueryFilter } from '../../../src/terminal/query-filter.ts';

const questions = [
  '\x1b[c',
  '\x1b[0c',
  '\x1b[>c',
  '\x1b[>0c',
  '\x1b[=c',
  '\x1b[5n',
  '\x1b[6n',
  '\x1b[?6n',
  '\x1b[?996n',
  '\x1b[>q',
  '\x1b[>0q',
  '\x1b[?u',
  '\x1b[?2026$p',
  '\x1b[4$p',
  '\x1b[14t',
  '\x1b[18t',
  '\x1b]10;?\x07',
  '\x1b]11;?\x1b\\',
  '\x1b]4;1;?\x07',
  '\x1b]52;c;?\x07',
  '\x1bP+q544e\x1b\\',
  '\x1bP$qm\x1b\\',
  '\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\',
];
const others = [
  'text',
  '\x1b[31m',
  '\x1b[2J',
  '\x1b[?2004h',
  '\x1b[>1u',
  '\x1b[<u',
  '\x1b]0;title\x07',
  '\x1b]11;#000000\x07',
  '\x1b]52;c;aGk=\x07',
  '\x1b[22;0t',
  '\x1b[3;4r',
  '\x1b7',
  '\x1b[2 q',
  '日本',
];

function filtered(chunks: readonly Buffer[]): string {
  const filter = new QueryFilter();
  return Buffer.concat(chunks.map((chunk) => Buffer.from(filter.take(chunk)))).toString();
}

describe('the query filter', () => {
  it.each(questions.map((text) => [JSON.stringify(text), text]))(
    'takes %s out, in one piece and byte by byte',
    (_, text) => {
      const bytes = Buffer.from(`a${text}b`);
      expect(filtered([bytes])).toBe('ab');
      expect(filtered([...bytes].map((byte) => Buffer.from([byte])))).toBe('ab');
    },
  );

  it.each(others.map((text) => [JSON.stringify(text), text]))('leaves %s, in one piece and byte by byte', (_, text) => {
    const bytes = Buffer.from(`a${text}b`);
    expect(filtered([bytes])).toBe(`a${text}b`);
    expect(filtered([...bytes].map((byte) => Buffer.from([byte])))).toBe(`a${text}b`);
  });

  it('holds nothing back that is longer than any question', () => {
    const long = `\x1b]11;${'x'.repeat(300)}`;
    expect(filtered([Buffer.from(long)])).toBe(long);
  });
});
