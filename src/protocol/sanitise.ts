/** Makes a message body plain text: nothing in it can act on a terminal. Pure. */

/**
 * Whole escape sequences: CSI, OSC/DCS/SOS/PM/APC strings with their terminator, and two-byte escapes. A string holds no
 * beginning of another one: or each of many beginnings would be tried up to the end of the text.
 */
const escapeSequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g;
/** What is left of C0 (but tab and newline), DEL and C1. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** What would read as another message's mark (attribution.ts), wherever it comes to stand in a transcript. */
const quotedMarks = /\[claudex (?=m[a-km-np-z2-9]{15})/g;

/**
 * `body` without control characters and escape sequences; tabs and newlines are kept, CRLF and CR become newlines,
 * lone surrogates become U+FFFD, a quoted mark is one no more (`[claudex: m…`), trailing white space goes.
 */
export function sanitiseBody(body: string): string {
  return withoutMarks(plainText(body)).trimEnd();
}

/** `text` with no mark in it that could prove a delivery where it comes to stand (`[claudex: m…`). */
export function withoutMarks(text: string): string {
  return text.replace(quotedMarks, '[claudex: ');
}

/** `text` without anything that acts on a terminal; a quoted mark stays. For showing what somebody else wrote. */
export function plainText(text: string): string {
  return text.replace(escapeSequences, '').replace(/\r\n?/g, '\n').replace(controls, '').toWellFormed();
}

/** `text` for a terminal: no control bytes, and nothing that turns the reading direction round (CVE-2021-42574). */
export function printable(text: string): string {
  return plainText(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}

/** `text` for a terminal, where one line is wanted. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t\u2028\u2029]/g, ' ');
}

/** One line of plain text for labels and names, at most `maxChars` characters. */
export function sanitiseLine(text: string, maxChars = 80): string {
  const line = sanitiseBody(text).replace(/\s+/g, ' ').trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
