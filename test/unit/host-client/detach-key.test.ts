import { describe, expect, it } from 'vitest';
import { controlCode, type ViewerKey, ViewerKeys } from '../../../src/host-client/detach-key.ts';

const code = controlCode('ctrl-\\')!;

/** What comes out, keys of the viewer as words in angle brackets. */
function taken(...chunks: string[]): string {
  const keys = new ViewerKeys(code);
  const all = chunks.flatMap((chunk) => keys.take(Buffer.from(chunk, 'latin1')));
  const shown = (key: ViewerKey): string => (Buffer.isBuffer(key) ? key.toString('latin1') : `<${key}>`);
  return all.map(shown).join('') + keys.flush().toString('latin1');
}

describe('the detach key', () => {
  it.each([
    ['ctrl-\\', 0x1c],
    ['^]', 0x1d],
    ['Ctrl-q', 0x11],
    ['ctrl-', undefined],
    ['q', undefined],
    ['ctrl-1', undefined],
  ])('%s is the control code %s', (name, expected) => {
    expect(controlCode(name)).toBe(expected);
  });

  it.each([
    ['raw', '\x1c', 'detach'],
    ['as CSI-u', '\x1b[92;5u', 'detach'],
    ['as CSI-u with Num Lock', '\x1b[92;133u', 'detach'],
    ['as CSI-u with Caps Lock', '\x1b[92;69u', 'detach'],
    ['as CSI-u with both locks', '\x1b[92;197u', 'detach'],
    ['as CSI-u with an event type', '\x1b[92;5:1u', 'detach'],
    ['as CSI-u with the shifted key', '\x1b[92:124;5u', 'detach'],
    ['as CSI-u with its text', '\x1b[92;5;28u', 'detach'],
    ['as modifyOtherKeys', '\x1b[27;5;92~', 'detach'],
    ['as modifyOtherKeys with Num Lock', '\x1b[27;133;92~', 'detach'],
    ['Ctrl-Z raw', '\x1a', 'suspend'],
    ['Ctrl-Z as CSI-u', '\x1b[122;5u', 'suspend'],
    ['Ctrl-Z as modifyOtherKeys', '\x1b[27;5;122~', 'suspend'],
  ])('is found %s, wherever the chunk ends', (_, text, expected) => {
    const whole = `ab${text}cd`;
    expect(taken(whole)).toBe(`ab<${expected}>cd`);
    for (let cut = 1; cut < whole.length; cut++) {
      expect(taken(whole.slice(0, cut), whole.slice(cut)), `cut at ${cut}`).toBe(`ab<${expected}>cd`);
    }
    expect(taken(...whole)).toBe(`ab<${expected}>cd`);
  });

  it.each([
    ['other keys', 'abc\x1b[A\r\x1b[1;5A\x1b'],
    ['a key with Alt', '\x1b[92;7u'],
    ['a release', '\x1b[92;5:3u'],
    ['a paste', '\x1b[200~a\x1cb\x1a\x1b[201~'],
    ['a paste that goes on', '\x1b[200~a\x1cb'],
    ['a mouse', '\x1b[<0;92;5M\x1b[M !!'],
  ])('is not %s, and nothing of it is lost or doubled', (_, text) => {
    expect(taken(text)).toBe(text);
    expect(taken(...text)).toBe(text);
  });

  it('is found after a paste that came in pieces', () => {
    for (const text of ['\x1b[200~a\x1cb\x1b[201~', '\x1b[200~\x1b[201~', '\x1b[200~\x1b[20\x1b[201~']) {
      expect(taken(...text, '\x1c')).toBe(`${text}<detach>`);
      expect(taken(`${text}\x1c`)).toBe(`${text}<detach>`);
    }
  });

  it('holds back no more than the beginning of a key', () => {
    const keys = new ViewerKeys(code);
    expect(keys.take(Buffer.from('a\x1b'))).toEqual([Buffer.from('a')]);
    expect(keys.isHolding).toBe(true);
    expect(keys.flush()).toEqual(Buffer.from('\x1b'));
    expect(keys.isHolding).toBe(false);
    keys.take(Buffer.from(`\x1b[${'1'.repeat(40)}`));
    expect(keys.isHolding).toBe(false);
  });
});
