/** What is left out of a conversation that is shown: secrets, and the bulk of what tools printed. Pure. */
import type { TextShape } from '../claude/transcript/fold-turns.ts';

/** Tool results and tool inputs are cut to this; docs/history.md tells. */
export const maxToolChars = 4000;
const maxLineChars = 500;

/**
 * What looks like a secret: well-known key formats, private keys, and values given to something called password, token, ….
 * Every pattern is linear: no part of it can match the same text in two ways.
 */
const secretPatterns: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|xox[abeprs]-|hf_|dop_v1_|sq0csp-|shpat_)[A-Za-z0-9_-]{16,}/g,
  /\b(?:[sr]k_(?:live|test)_)[A-Za-z0-9]{16,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
];
/** `Authorization: Bearer …` and `https://user:password@host`: only the secret part goes. */
const secretAfter: readonly RegExp[] = [
  /(\b(?:Bearer|Basic) )[A-Za-z0-9._~+/-]{16,}=*/g,
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:)[^\s/@]{3,200}(?=@)/g,
  /(\b\w{0,40}(?:password|passwd|secret|api_?key|access_?key|auth_?token|access_?token)\\?["']? ?[:=] ?\\?["']?)[^\s"'\\,;]{8,}/gi,
];

/** `text` with what looks like a secret replaced by `[secret, N characters]`. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const pattern of secretPatterns) masked = masked.replace(pattern, (secret) => mask(secret));
  for (const pattern of secretAfter) {
    masked = masked.replace(pattern, (all: string, before: string) =>
      all.includes('[secret, ') ? all : `${before}${mask(all.slice(before.length))}`,
    );
  }
  return masked;
}

/** `text` with its middle and the ends of long lines left out, each gap saying how many bytes went. */
export function cutMiddle(text: string, maxChars = maxToolChars): string {
  const lines = text.length > maxLineChars ? text.split('\n').map(cutLine).join('\n') : text;
  if (lines.length <= maxChars) return lines;
  const headChars = Math.ceil(maxChars * 0.7);
  const head = whole(lines.slice(0, headChars));
  const tail = whole(lines.slice(lines.length - (maxChars - headChars)));
  const gone = Buffer.byteLength(lines) - Buffer.byteLength(head) - Buffer.byteLength(tail);
  return `${head}\n… ${gone} bytes left out …\n${tail}`;
}

/** How turns are shown unless somebody asks for them raw. */
export const redacted: TextShape = {
  words: maskSecrets,
  tool: (text) => cutMiddle(maskSecrets(text)),
};

function cutLine(line: string): string {
  if (line.length <= maxLineChars) return line;
  const kept = whole(line.slice(0, maxLineChars));
  return `${kept}… (${Buffer.byteLength(line) - Buffer.byteLength(kept)} bytes left out)`;
}

/** Half a surrogate pair at a cut is no character. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}

function mask(secret: string): string {
  return `[secret, ${secret.length} characters]`;
}
