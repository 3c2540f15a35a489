import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { submitKey, submitKeyIn } from '../../../../src/claude/session/submit-key.ts';

const chat = (bindings: object, context = 'Chat'): string => JSON.stringify({ bindings: [{ context, bindings }] });
const key = (text: string): string | undefined => submitKeyIn(text)?.toString();

describe('the key that submits', () => {
  it.each([
    ['no bindings', '{}'],
    ['no JSON', '{ // comment'],
    ['other shapes', '{"bindings":[null,{"context":"Chat"},{"context":"Chat","bindings":null}]}'],
    ['other keys', chat({ 'ctrl+g': 'chat:externalEditor' })],
    ['Enter said again', chat({ enter: 'chat:submit' })],
    ['another context', chat({ enter: 'select:cancel' }, 'Select')],
  ])('is Enter: %s', (_, text) => {
    expect(key(text)).toBe('\r');
  });

  it.each([
    ['ctrl+g', '\x07'],
    ['Ctrl+S', '\x13'],
    ['alt+enter', '\x1b\r'],
    ['meta+s', '\x1bs'],
  ])('is %s where Enter makes a new line', (name, bytes) => {
    expect(key(chat({ enter: 'chat:newline', [name]: 'chat:submit' }))).toBe(bytes);
  });

  it.each([
    ['nothing else submits', chat({ enter: 'chat:newline' })],
    ['Enter is taken away', chat({ Enter: null })],
    ['a chord', chat({ enter: 'chat:newline', 'ctrl+x ctrl+s': 'chat:submit' })],
    ['a key that not every terminal sends', chat({ return: 'chat:newline', 'shift+enter': 'chat:submit' })],
    ['Enter is bound everywhere', chat({ enter: 'app:redraw' }, 'Global')],
  ])('is not known: %s', (_, text) => {
    expect(key(text)).toBeUndefined();
  });

  it('is read from claude’s folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cxt-keys-'));
    try {
      expect(submitKey(folder)?.toString()).toBe('\r');
      writeFileSync(join(folder, 'keybindings.json'), chat({ enter: 'chat:newline', 'ctrl+g': 'chat:submit' }));
      expect(submitKey(folder)?.toString()).toBe('\x07');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
