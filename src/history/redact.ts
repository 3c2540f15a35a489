/** What is left out of a conversation that is shown: secrets, and the bulk of what tools printed. Pure. */
import type { TextShape } from '../claude/transcript/fold-turns.ts';

/** What is shown of a tool's result, and of each text in its input; docs/history.md tells. */
const headLimit = { lines: 30, chars: 3000 };
const tailLimit = { lines: 10, chars: 1000 };
const maxLineChars = 500;

/**
 * What looks like a secret: well-known key formats, private keys, and values given to something called password, token, ….
 * No pattern has a repetition inside a repetition, and none can begin again inside what it repeats: so none can take long.
 */
const secretPatterns: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|xox[abeprs]-|hf_|dop_v1_|sq0csp-|shpat_)[A-Za-z0-9_-]{16,}/g,
  /\b(?:[sr]k_(?:live|test)_)[A-Za-z0-9]{16,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
];
/** `Authorization: Bearer …` and `https://user:password@host`: only the secret part goes. */
const secretAfter: readonly RegExp[] = [
  /(\bBearer )[A-Za-z0-9._~+/-]{16,}=*/g,
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

/**
 * The beginning and the end of a text that is long in lines or in characters; each gap, and each long line that was cut, says how
 * many bytes went.
 */
export function cutMiddle(text: string): string {
  if (text.length <= maxLineChars && !text.includes('\n')) return text;
  const all = text.split('\n');
  const head = linesThatFit(all, headLimit);
  if (head === all.length) return all.map(cutLine).join('\n');
  const tail = Math.max(head, all.length - linesThatFit(all.toReversed(), tailLimit));
  if (tail === head) return all.map(cutLine).join('\n');
  const gone = Buffer.byteLength(all.slice(head, tail).join('\n'));
  const gap = `… ${tail - head} lines, ${gone} bytes left out …`;
  return [...all.slice(0, head).map(cutLine), gap, ...all.slice(tail).map(cutLine)].join('\n');
}

/** How turns are shown unless somebody asks for them raw. */
export const redacted: TextShape = {
  words: maskSecrets,
  tool: (text) => cutMiddle(maskSecrets(text)),
};

/** How many lines from the first on are within the limit. */
function linesThatFit(lines: readonly string[], limit: { lines: number; chars: number }): number {
  let chars = 0;
  for (const [index, line] of lines.entries()) {
    chars += Math.min(line.length, maxLineChars);
    if (index >= limit.lines || chars > limit.chars) return index;
  }
  return lines.length;
}

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
