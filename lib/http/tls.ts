import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';
import type { TlsConfig, TlsVersion } from '../config/http-client.ts';
import type { Credential } from '../config/secret.ts';
import { MusterError } from '../errors.ts';

/** A `tls_config` with its files read. */
export interface Tls {
  /** Certificates and versions, the same for every connection. */
  readonly context: () => SecureContext;
  readonly verify: boolean;
  /** The name that the certificate must hold, where it isn't the URL's host. */
  readonly serverName?: string;
}

/** Gives a credential's text; the name of its key is for errors. */
export type ReadText = (credential: Credential, key: string) => Promise<string>;

/** Reads and checks what a `tls_config` names. Throws (kind `config`) with the key that is wrong. */
export async function readTls(config: TlsConfig, readText: ReadText): Promise<Tls> {
  const ca = config.ca && checkedCertificates(await readText(config.ca, 'tls_config.ca'), 'tls_config.ca');
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
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(minVersion && { minVersion: versions[minVersion] }),
    ...(config.max_version && { maxVersion: versions[config.max_version] }),
    // OpenSSL 3 takes the signatures of TLS 1.0 and 1.1 only at its lowest level.
    ...(minVersion && minVersion < 'TLS12' && { ciphers: 'DEFAULT@SECLEVEL=0' }),
  };
  // What is configured is checked now; the authorities that Node knows are read once a connection needs them.
  let context = Object.keys(options).length === 0 ? undefined : secureContext(options);
  return {
    context() {
      context ??= secureContext(options);
      return context;
    },
    verify: !config.insecure_skip_verify,
    ...(config.server_name && { serverName: config.server_name }),
  };
}

/**
 * Speaks TLS over an open socket to the named host. Verification is decided by the configuration alone: Node's
 * environment variable that turns it off has no say.
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
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      ALPNProtocols: [...protocols],
    });
    secured.once('secureConnect', () => resolve(secured));
    // Stays on the socket: an alert that comes later (no client certificate) is followed by a plain end, which undici
    // would report in its stead.
    secured.on('error', (error) => {
      reject(error);
      secured.destroy();
    });
    secured.once('close', () => reject(closedEarly()));
  });
}

const versions: Readonly<Record<TlsVersion, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The text, if it holds certificates and all of them can be read: OpenSSL would pass over the others in silence. */
function checkedCertificates(text: string, key: string): string {
  const blocks = text.match(certificateBlock);
  if (blocks === null) throw new MusterError('config', `${key}: holds no PEM certificate`);
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw new MusterError('config', `${key}: certificate ${index + 1} cannot be read`);
    }
  }
  return text;
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
