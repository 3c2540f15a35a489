import { describe, expect, it } from 'vitest';
import { TypedBytes } from '../../../../../src/web/page/terminal/typed-bytes.ts';
import { verifies } from '../../../../requirements.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const text = (list: Uint8Array[]): string => list.map((one) => new TextDecoder().decode(one)).join('|');

describe(`what was typed and may not have arrived ${verifies('web-page-reconnects')}`, () => {
  it('sends once what the server takes', () => {
    const typed = new TypedBytes();
    typed.add(bytes('ab'));
    typed.add(bytes('c'));
    expect([text(typed.take()), typed.isOnItsWay]).toEqual(['ab|c', true]);
    typed.taken(3);
    expect([text(typed.take()), typed.isOnItsWay]).toEqual(['', false]);
  });

  it('sends again, in order, what a server that knows the stream has not taken, and nothing twice', () => {
    const typed = new TypedBytes();
    typed.add(bytes('abc'));
    typed.take();
    typed.taken(1);
    typed.add(bytes('de'));
    typed.take();
    typed.add(bytes('f'));
    expect(typed.resume(2, true)).toBe(0);
    expect(text(typed.take())).toBe('c|de|f');
    typed.taken(6);
    expect(typed.isOnItsWay).toBe(false);
  });

  it('does not send again what may have arrived at a server that is no longer there, and says how much that is', () => {
    const typed = new TypedBytes();
    typed.add(bytes('abc'));
    typed.take();
    typed.taken(1);
    typed.add(bytes('later'));
    expect(typed.resume(0, false)).toBe(2);
    expect(text(typed.take())).toBe('later');
    typed.taken(5);
    expect(typed.isOnItsWay).toBe(false);
  });

  it('keeps a person’s typing and refuses a file, until what it keeps has arrived', () => {
    const typed = new TypedBytes();
    expect(typed.add(new Uint8Array(200 * 1024))).toBe(true);
    expect(typed.add(new Uint8Array(100 * 1024))).toBe(false);
    typed.take();
    typed.taken(200 * 1024);
    expect(typed.add(new Uint8Array(100 * 1024))).toBe(true);
  });
});
