/** The key that detaches a viewer, in every way that a terminal may send it. */

/** Ctrl with a character, as `ctrl-\`. Undefined for a word that names no such key. */
export function controlCode(name: string): number | undefined {
  const key = /^(?:ctrl-|\^)(.)$/i.exec(name)?.[1];
  if (key === undefined) return undefined;
  const code = key.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? code & 0x1f : undefined;
}

/**
 * Where in `bytes` the key stands, and how many bytes it takes: raw, as CSI-u with any lock bits (`ESC [ 92 ; 5 u`), or as
 * modifyOtherKeys sends it (`ESC [ 27 ; 5 ; 92 ~`). Undefined when it is not there, or within a bracketed paste.
 */
export function findDetachKey(bytes: Buffer, code: number): { at: number; length: number } | undefined {
  const text = bytes
    .toString('latin1')
    .replace(/\x1b\[200~[\s\S]*?(?:\x1b\[201~|$)/g, (paste) => '.'.repeat(paste.length));
  const raw = text.indexOf(String.fromCharCode(code));
  const keys = [code + 0x40, code + 0x60].join('|');
  // modifiers are one more than their bits: Ctrl is 4, Caps Lock 64, Num Lock 128
  const coded = new RegExp(
    `\\x1b\\[(?:(?:${keys})(?::[0-9:]*)?;(\\d+)(?::1)?(?:;[0-9:]*)?u|27;(\\d+);(?:${keys})~)`,
  ).exec(text);
  const modifiers = coded ? Number(coded[1] ?? coded[2]) - 1 : 0;
  const isCoded = coded !== null && (modifiers & ~(64 | 128)) === 4;
  if (isCoded && (raw === -1 || coded.index < raw)) return { at: coded.index, length: coded[0].length };
  return raw === -1 ? undefined : { at: raw, length: 1 };
}
