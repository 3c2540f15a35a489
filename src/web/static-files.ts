/** The page's own files, and what every answer says to a browser about what may run in it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** For every answer. A terminal puts styles of its own into the page, so styles may be inline; scripts never. */
export function securityHeaders(host: string, isTls: boolean): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      // not every browser counts sockets as 'self'; without TLS of our own there may be a proxy that has it
      `connect-src 'self' ${isTls ? '' : `ws://${host} `}wss://${host}`,
      "manifest-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  };
}

/** One of the page's files. */
export class StaticFile {
  readonly body: Buffer;
  readonly type: string;
  /** The same text is the same tag. */
  readonly tag: string;
  #gzipped: Buffer | undefined;

  constructor(body: Buffer, type: string) {
    this.body = body;
    this.type = type;
    this.tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  }

  /** Made when the first browser asks, and kept. */
  get gzipped(): Buffer {
    this.#gzipped ??= gzipSync(this.body);
    return this.#gzipped;
  }

  /** The answer to whoever asks for it with these headers. */
  answer(headers: { 'if-none-match'?: string | undefined; 'accept-encoding'?: string | string[] | undefined }): {
    status: 200 | 304;
    body: Buffer | null;
    headers: Record<string, string>;
  } {
    const always = { etag: this.tag, 'cache-control': 'no-cache', vary: 'accept-encoding' };
    if (headers['if-none-match'] === this.tag) return { status: 304, body: null, headers: always };
    const isGzipped = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
    return {
      status: 200,
      body: isGzipped ? this.gzipped : this.body,
      headers: { ...always, 'content-type': this.type, ...(isGzipped && { 'content-encoding': 'gzip' }) },
    };
  }
}

/** The files below that folder by the path they are asked for. All are known beforehand: no path of a request reaches the disk. */
export function readPage(folder: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const name of filesBelow(folder)) {
    const type = types[extname(name)];
    if (type !== undefined) files.set(`/${name}`, new StaticFile(readFileSync(join(folder, name)), type));
  }
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  return files;
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return []; // this build has no page
  }
}

/** What a build without the page shows in its place. */
export const noPage = new StaticFile(
  Buffer.from(
    'This build of claudex has no page. The API is at /api/v1, described by /api/v1/openapi.json and in docs/web.md.\n',
  ),
  'text/plain; charset=utf-8',
);
