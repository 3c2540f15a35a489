/** The certificate that a machine shows, looked at before anything is said to it. */
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { ClaudexError } from '../errors/claudex-error.ts';
import { certificateFingerprint } from '../http/certificate-fingerprint.ts';

const connectTakesMs = 10_000;

export interface ShownCertificate {
  pem: string;
  /** `sha256:…` */
  fingerprint: string;
  /** One of the authorities that Node.js knows stands behind it, and it is of that name. */
  isTrusted: boolean;
  /** Nobody stands behind it but itself: then it can be trusted alone, by its fingerprint. */
  isSelfSigned: boolean;
}

/** Greets the machine at that https address, and leaves. @throws ClaudexError FAR_UNREACHABLE */
export function shownCertificate(url: string): Promise<ShownCertificate> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      socket.destroy();
      reject(new ClaudexError('FAR_UNREACHABLE', `${url}: ${why}.`));
    };
    const socket = connect({
      host,
      port: Number(port || 443),
      ...(isIP(host) === 0 && { servername: host }),
      // nothing is sent to it: whether it is trusted is decided by what is seen here
      rejectUnauthorized: false,
      timeout: connectTakesMs,
    });
    socket.once('error', (error) => fail(error.message));
    socket.once('timeout', () => fail('it does not answer'));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      const { authorized: isTrusted } = socket;
      if (!certificate) return fail('it shows no certificate');
      socket.destroy();
      resolve({
        pem: certificate.toString(),
        fingerprint: certificateFingerprint(certificate),
        isTrusted,
        isSelfSigned: certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey),
      });
    });
  });
}
