/** `claudex host add`: a machine, the token that it is reached with, and the certificate that is trusted for it. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import type { Machine } from '../../far/far-command.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { refuseSession } from '../not-by-a-session.ts';
import { readSecret } from './read-secret.ts';

export interface AddFlags {
  ca?: string;
  fingerprint?: string;
  scope?: string;
  plainHttp?: boolean;
  json?: boolean;
}

type Far = typeof import('../../far/far-command.ts');

const scopeNames = ['view', 'send', 'answer', 'terminal', 'manage'];
const usualScopes = 'view,send,answer';

/**
 * What it is asked for, or reads from standard input, is a token, or a pairing link: the code of that is spent for a token.
 * @throws ClaudexError USAGE, FAR_URL, FAR_PLAIN_HTTP, FAR_TOKEN_MISSING, FAR_TOKEN_REFUSED, FAR_NOT_TRUSTED, PAIRING_REFUSED, …
 */
export async function addMachine(far: Far, name: string, address: string | undefined, flags: AddFlags): Promise<void> {
  await refuseSession(process.env);
  if (flags.ca !== undefined && flags.fingerprint !== undefined) {
    throw new ClaudexError('USAGE', '--ca and --fingerprint do not go together.');
  }
  const scopes = scopesIn(flags.scope ?? usualScopes);
  const given = address === undefined ? undefined : far.machineUrl(address);
  const plainHttp = flags.plainHttp === true;
  if (given !== undefined) far.checkEncrypted({ url: given, plainHttp });
  const asked =
    given === undefined ? 'Pairing link (there: claudex web pair): ' : `Token for ${given}, or pairing link: `;
  const secret = (await readSecret(asked)).trim();
  const link = far.parsePairingLink(secret);
  const url = given ?? link?.url;
  if (url === undefined) throw new ClaudexError('USAGE', 'Without an address it takes a pairing link.');
  far.checkEncrypted({ url, plainHttp });
  if (!link && flags.scope !== undefined) {
    throw new ClaudexError('USAGE', '--scope is for a pairing link; a token has its scopes already.');
  }
  if (secret === '') throw new ClaudexError('FAR_TOKEN_MISSING', `For ${url}.`);
  if (!link && !/^[\x21-\x7e]{1,500}$/.test(secret)) throw new ClaudexError('FAR_TOKEN_REFUSED', 'It cannot be one.');

  const ca = flags.ca === undefined ? await trustedCertificate(far, url, flags.fingerprint) : certificateIn(flags.ca);
  const place = { name, url, plainHttp, ca };
  far.checkMachineName(name);
  const token = link
    ? await far.pairMachine(place, { code: link.code, name: hostname().slice(0, 60), scopes })
    : secret;
  const machine: Machine = { ...place, token };
  const device = await far.deviceOn(machine);
  far.keepMachine(process.env, machine);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ name, url, device: device.name, scopes: device.scopes })}\n`);
  } else {
    const line = `${name} knows this machine as "${device.name}", with ${device.scopes.join(', ')}.`;
    process.stdout.write(`${oneLine(line)}\n`);
  }
  if (!device.scopes.includes('view')) {
    process.stderr.write('Without the scope view most commands are refused there.\n');
  }
}

function scopesIn(text: string): string[] {
  const wanted = [...new Set(text.split(',').map((word) => word.trim()))];
  const wrong = wanted.find((word) => !scopeNames.includes(word));
  if (wrong === undefined) return wanted;
  throw new ClaudexError('USAGE', `"${wrong.slice(0, 40)}" is no scope; --scope takes ${scopeNames.join(', ')}.`);
}

/**
 * The certificate that is trusted for that machine from now on, PEM; null where the authorities that Node.js knows stand behind it. Of one that has
 * signed itself a person says whether it is the right one.
 * @throws ClaudexError USAGE, FAR_NOT_TRUSTED, FAR_UNREACHABLE
 */
async function trustedCertificate(far: Far, url: string, wanted: string | undefined): Promise<string | null> {
  if (!url.startsWith('https:')) {
    if (wanted === undefined) return null;
    throw new ClaudexError('USAGE', '--fingerprint is of a certificate, and http has none.');
  }
  const shown = await far.shownCertificate(url);
  const is = `${url} shows ${shown.fingerprint}`;
  if (wanted === undefined && shown.isTrusted) return null;
  if (!shown.isSelfSigned) throw new ClaudexError('FAR_NOT_TRUSTED', `${is}, signed by another: give that with --ca.`);
  const isSame =
    wanted === undefined
      ? await isSaidToBeSame(url, shown.fingerprint)
      : far.plainFingerprint(wanted) === shown.fingerprint;
  if (isSame) return shown.pem;
  throw new ClaudexError('FAR_NOT_TRUSTED', `${is}.`);
}

/** Asks the person; where there is none it is not. */
async function isSaidToBeSame(url: string, fingerprint: string): Promise<boolean> {
  if (!isatty(0) || !isatty(2)) return false;
  process.stderr.write(`Nobody stands behind the certificate of ${url} but itself:\n  ${fingerprint}\n`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  asking.once('SIGINT', () => process.exit(130));
  const said = await Promise.race([
    asking.question('Does `claudex web` there say the same when it starts? [y/N] '),
    new Promise<string>((resolve) => asking.once('close', () => resolve(''))),
  ]);
  asking.close();
  return /^y(es)?$/i.test(said.trim());
}

/** @throws ClaudexError FILE_UNREADABLE */
function certificateIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${systemErrorCode(cause) ?? cause}.`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ClaudexError('FILE_UNREADABLE', `${path} holds no certificate in PEM.`);
}
