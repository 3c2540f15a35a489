/** Small facts in words. */
const minuteMs = 60_000;

/** `now`: when it is read, milliseconds since the epoch. */
export function ago(at: string | number | null, now = Date.now()): string {
  if (at === null) return '';
  const ms = Math.max(0, now - new Date(at).getTime());
  if (ms < minuteMs) return 'just now';
  if (ms < 60 * minuteMs) return `${Math.floor(ms / minuteMs)} min ago`;
  if (ms < 24 * 60 * minuteMs) return `${Math.floor(ms / (60 * minuteMs))} h ago`;
  return `${Math.floor(ms / (24 * 60 * minuteMs))} d ago`;
}

/** The end of a path is what tells folders apart. */
export function shortFolder(path: string): string {
  const home = path.replace(/^\/(?:home|Users)\/[^/]+(?=\/|$)/, '~').replace(/^\/root(?=\/|$)/, '~');
  const parts = home.split('/');
  return parts.length <= 4 ? home : `…/${parts.slice(-3).join('/')}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Control, bidi and zero-width characters as what they are: a text must not look like another one. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/g,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}
