/** A push service for a test: https with a certificate of its own; it reads what it is sent as the browser would. */
import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { selfSigned } from './far.ts';
import { registerResource } from './resources.ts';

const { decrypt } = createRequire(createRequire(import.meta.url).resolve('web-push'))('http_ece') as {
  decrypt(body: Buffer, options: { version: string; privateKey: unknown; authSecret: string }): Buffer;
};

export interface Push {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  payload: any;
}

export interface PushStandIn {
  url: string;
  /** Path of its certificate. */
  certificate: string;
  pushes: Push[];
  /** With what it answers. */
  answers: { status: number };
  /** What a browser subscribed here has. */
  subscription(name?: string): { endpoint: string; expirationTime: null; keys: { p256dh: string; auth: string } };
}

export async function startPushStandIn(folder: string): Promise<PushStandIn> {
  const { cert, key } = await selfSigned(folder);
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const auth = randomBytes(16).toString('base64url');
  const pushes: Push[] = [];
  const answers = { status: 201 };
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = decrypt(Buffer.concat(parts), { version: 'aes128gcm', privateKey: browser, authSecret: auth });
      pushes.push({ path: request.url!, headers: request.headers, payload: JSON.parse(text.toString()) });
      response.writeHead(answers.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  registerResource({
    label: 'push stand-in',
    dispose: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    certificate: cert,
    pushes,
    answers,
    subscription: (name = 'phone') => ({
      endpoint: `${url}/push/${name}`,
      expirationTime: null,
      keys: { p256dh: browser.getPublicKey('base64url'), auth },
    }),
  };
}

/** What a server says of itself in `Authorization: vapid t=…, k=…`; undefined where the signature is not of that key. */
export function vapidClaims(header: string): { key: string; aud: string; sub: string; exp: number } | undefined {
  const [, token, key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? [];
  const [head, claims, signature] = token!.split('.');
  const point = Buffer.from(key!, 'base64url');
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const isGood = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature!, 'base64url'),
  );
  return isGood ? { key: key!, ...JSON.parse(Buffer.from(claims!, 'base64url').toString()) } : undefined;
}
