import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';
import { MusterError } from '../base/errors.ts';
import type { TlsConfig, TlsVersion } from '../config/http-transport.ts';
import type { Credential } from '../config/secret.ts';
import { toTlsFailure } from './errors.ts';

/** A `tls_config` with its files read. */
export interface Tls {
  /** Certificates and versions, the same for every connection. */
  readonly context: () => SecureContext;
  readonly verify: boolean;
  readonly hasClientCertificate: boolean;
  /** The name that the certificate must have, if it is not the URL's host. */
  readonly serverName?: string;
}

/** Reads the text of a credential. The name of its key is for errors. */
export type ReadText = (credential: Credential, key: string) => Promise<string>;

/**
 * Reads and checks what a `tls_config` names. Throws kind `config` with the wrong key. `warn` gets the blocks in `ca`
 * that cannot be read; the others stay in force.
 */
export async function readTls(
  config: TlsConfig,
  readText: ReadText,
  warn: (message: string) => void,
): Promise<Tls> {
  const ca = config.ca && usableAuthorities(await readText(config.ca, 'tls_config.ca'), warn);
  const cert =
    config.cert && checkedCertificates(await readText(config.cert, 'tls_config.cert'), 'tls_config.cert');
  const key = config.key && (await readText(config.key, 'tls_config.key'));
  const minVersion = config.min_version ?? (config.max_version ? 'TLS12' : undefined);
  if (minVersion && config.max_version && minVersion > config.max_version)
    throw new MusterError(
      'config',
      `tls_config.max_version ${config.max_version} is below min_version ${minVersion}`,
    );
  const options: SecureContextOptions = {
    // As in Go, every certificate in it is a trust anchor: also an intermediate authority, or the server's own one.
    ...(ca && { ca, allowPartialTrustChain: true }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(minVersion && { minVersion: versions[minVersion] }),
    ...(config.max_version && { maxVersion: versions[config.max_version] }),
    // OpenSSL 3 accepts the signatures of TLS 1.0 and 1.1 only at its lowest level.
    ...(minVersion && minVersion < 'TLS12' && { ciphers: 'DEFAULT@SECLEVEL=0' }),
  };
  // Configured certificates are checked now. Node's own authorities are read when a connection needs them.
  let context = Object.keys(options).length === 0 ? undefined : secureContext(options);
  return {
    context() {
      context ??= secureContext(options);
      return context;
    },
    verify: !config.insecure_skip_verify,
    hasClientCertificate: cert !== undefined,
    ...(config.server_name && { serverName: config.server_name }),
  };
}

/**
 * Starts TLS over an open socket to the named host. Only the configuration decides about verification; Node's
 * environment variable that turns it off has no effect. Throws kind `tls` if the host cannot be verified, and
 * `unreachable` if the connection breaks.
 */
export function startTls(
  socket: Socket,
  tls: Tls,
  host: string,
  protocols: readonly string[],
): Promise<TLSSocket> {
  const name = tls.serverName ?? host;
  return new Promise((resolve, reject) => {
    const secured = connect({
      socket,
      secureContext: tls.context(),
      rejectUnauthorized: tls.verify,
      // An address is never sent as the server's name (RFC 6066), but still verified.
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_host, certificate) => checkName(name, certificate),
      ALPNProtocols: [...protocols],
    });
    secured.once('secureConnect', () => resolve(secured));
    // Stays on the socket: an alert that comes later (no client certificate) is followed by a plain end, which undici
    // would report in its stead.
    secured.on('error', (error) => {
      reject(toTlsFailure(error));
      secured.destroy();
    });
    secured.once('close', () => reject(closedEarly()));
  });
}

/** As in Go, a certificate that names its host only as the common name is refused. Node would accept it. */
function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname) return checkServerIdentity(name, certificate);
  return new MusterError(
    'tls',
    "the server's certificate has no subject alternative name (SAN): a common name alone does not count, issue a new one",
  );
}

const versions: Readonly<Record<TlsVersion, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The text, if it has certificates and all can be read. OpenSSL would silently ignore the others. */
function checkedCertificates(text: string, key: string): string {
  const broken = certificatesOf(text, key).findIndex(({ readable }) => !readable);
  if (broken !== -1) throw new MusterError('config', `${key}: certificate ${broken + 1} cannot be read`);
  return text;
}

/** The readable certificates of a bundle, as in Go. */
function usableAuthorities(text: string, warn: (message: string) => void): string {
  const key = 'tls_config.ca';
  const all = certificatesOf(text, key);
  const usable = all.filter(({ readable }) => readable).map(({ block }) => block);
  if (usable.length === 0) throw new MusterError('config', `${key}: no certificate in it can be read`);
  for (const [index, { readable }] of all.entries())
    if (!readable) warn(`${key}: certificate ${index + 1} of ${all.length} cannot be read; the others count`);
  return usable.join('\n');
}

function certificatesOf(text: string, key: string) {
  const blocks = text.match(certificateBlock);
  if (blocks === null) throw new MusterError('config', `${key}: holds no PEM certificate`);
  return blocks.map((block) => ({ block, readable: isReadable(block) }));
}

function isReadable(block: string): boolean {
  try {
    new X509Certificate(block);
    return true;
  } catch {
    return false;
  }
}

function secureContext(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch {
    throw new MusterError(
      'config',
      'tls_config: the key cannot be read or does not belong to the certificate',
    );
  }
}

function closedEarly(): MusterError {
  return new MusterError('unreachable', 'the connection was closed during the TLS handshake');
}
