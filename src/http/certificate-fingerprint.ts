/** What two people compare of a certificate. */
import { X509Certificate } from 'node:crypto';

/** `sha256:` and the hash in hex, as `openssl x509 -noout -fingerprint -sha256` tells it. @throws the reason why it cannot be read */
export function certificateFingerprint(certificate: X509Certificate | Buffer | string): string {
  const { fingerprint256 } = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  return plainFingerprint(fingerprint256);
}

/** The same however it is written: with colons or without, in capitals, with `sha256:` or `SHA256 Fingerprint=` in front. */
export function plainFingerprint(text: string): string {
  const hex = text
    .trim()
    .toLowerCase()
    .replace(/^sha256(:| fingerprint=)/, '')
    .replaceAll(':', '');
  return `sha256:${hex}`;
}
