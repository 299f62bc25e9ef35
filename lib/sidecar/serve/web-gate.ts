import { readFile, stat } from 'node:fs/promises';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext, type SecureVersion, type TLSSocket } from 'node:tls';
import { MusterError, toMusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { loadWebConfig, type WebConfig } from '../../config/web-config.ts';
import { type Admission, createSignIn } from './sign-in.ts';

/** What stands between the network and the HTTP server. */
export interface WebGate {
  /** Only where TLS is configured. */
  readonly tls:
    | { readonly context: () => ServerOptions; readonly bind: (server: Server) => Server }
    | undefined;
  /** Whether the peer of this address may read with this Authorization header. */
  readonly admit: (authorization: string | undefined, peer: string) => Promise<Admission>;
  /** Whether users or tokens are configured. */
  readonly asks: () => boolean;
  /** Headers that every answer gets; an empty value takes one away. */
  readonly headers: () => WebConfig['headers'];
  close(): void;
}

/** The file that describes the gate, and how often to look at it. */
export interface WebGateOptions {
  /** File in the format of Prometheus's `--web.config.file`. */
  readonly path: string;
  readonly log: Logger;
  /** Milliseconds between two looks whether a file has changed. Default 2 seconds. */
  readonly interval?: number | undefined;
}

/**
 * Opens the gate that the file describes, and follows the file and the certificates that it names: what was changed is
 * in force a moment later. A mistake is logged, and the last good state stays. Only whether there is TLS at all is
 * decided at the start. Throws what is wrong at the start.
 */
export async function openGate({ path, log, interval = 2000 }: WebGateOptions): Promise<WebGate> {
  let { config, context } = await read(path);
  let seen = await identityOf(path, config);
  const overTls = config.tls !== undefined;
  const servers: Server[] = [];
  const signIn = createSignIn();

  const refresh = async () => {
    const now = await identityOf(path, config);
    if (now === seen) return;
    seen = now;
    try {
      const next = await read(path);
      if ((next.config.tls !== undefined) !== overTls)
        throw new MusterError('config', `${path}: whether there is TLS is decided at the start; start again`);
      ({ config, context } = next);
      seen = await identityOf(path, config);
      for (const server of servers) server.setSecureContext(context);
      log.info('the web configuration was read again', { path });
    } catch (error) {
      log.error('the web configuration stays as it was', { error: toMusterError(error) });
    }
  };
  const timer = setInterval(() => void refresh(), interval);
  timer.unref();

  return {
    tls: overTls
      ? {
          context: () => context,
          bind(server) {
            servers.push(server);
            guardClients(server, () => config.tls);
            return server;
          },
        }
      : undefined,
    admit: (authorization, peer) => signIn(config, authorization, peer),
    asks: () => config.users.size + config.tokens.size > 0,
    headers: () => config.headers,
    close: () => clearInterval(timer),
  };
}

async function read(path: string): Promise<{ config: WebConfig; context: ServerOptions }> {
  const config = await loadWebConfig(path);
  return { config, context: config.tls === undefined ? {} : await readTls(config.tls) };
}

/** Changes when one of the files does. */
async function identityOf(path: string, { tls }: WebConfig): Promise<string> {
  const paths = [path, tls?.cert_file, tls?.key_file, tls?.client_ca_file].filter((one) => one);
  const facts = await Promise.all(
    paths.map(async (one) => {
      const found = await stat(one ?? '').catch(() => undefined);
      return [one, found?.ino, found?.size, found?.mtimeMs, found?.ctimeMs];
    }),
  );
  return JSON.stringify(facts);
}

/** The TLS section of the file. */
type TlsSettings = NonNullable<WebConfig['tls']>;

/** What Node needs for a server. Throws (kind `config`) for a file, certificate, cipher or curve that will not do. */
async function readTls(tls: TlsSettings): Promise<ServerOptions> {
  const [cert, key, ca] = await Promise.all([
    readPem(tls.cert, tls.cert_file),
    readPem(tls.key, tls.key_file),
    readPem(tls.client_ca, tls.client_ca_file),
  ]);
  const options: ServerOptions = {
    cert,
    key,
    ...(ca !== '' && { ca }),
    minVersion: versions[tls.min_version],
    maxVersion: versions[tls.max_version],
    honorCipherOrder: tls.prefer_server_cipher_suites,
    ...(tls.cipher_suites.length > 0 && { ciphers: tls.cipher_suites.map(cipherName).join(':') }),
    ...(tls.curve_preferences.length > 0 && { ecdhCurve: tls.curve_preferences.map(curveName).join(':') }),
    requestCert: tls.client_auth_type !== 'NoClientCert',
    rejectUnauthorized: tls.client_auth_type === 'RequireAndVerifyClientCert',
    ALPNProtocols: ['http/1.1'],
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MusterError('config', `tls_server_config: ${why}`, { cause });
  }
  return options;
}

/** Ends connections whose client certificate the settings do not allow, where Node itself would let them be. */
function guardClients(server: Server, settings: () => TlsSettings | undefined): void {
  server.on('secureConnection', (socket) => {
    const tls = settings();
    if (tls !== undefined && !isAllowed(tls, socket)) socket.destroy();
  });
}

function isAllowed(
  { client_auth_type: type, client_allowed_sans: sans }: TlsSettings,
  socket: TLSSocket,
): boolean {
  const { subjectaltname = '', raw } = socket.getPeerCertificate();
  const given = raw !== undefined;
  if (type === 'RequireAnyClientCert' && !given) return false;
  if (type === 'VerifyClientCertIfGiven' && given && !socket.authorized) return false;
  if (sans.length === 0) return true;
  const names = subjectaltname.split(', ').map((name) => name.replace(/^[^:]*:/, ''));
  return sans.some((san) => names.includes(san));
}

const versions: Readonly<Record<TlsSettings['min_version'], SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

async function readPem(inline: string, path: string): Promise<string> {
  if (path === '') return inline;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new MusterError('config', `tls_server_config: ${path} cannot be read`, { cause });
  }
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` as OpenSSL calls it: `ECDHE-RSA-AES128-GCM-SHA256`. */
function cipherName(name: string): string {
  const tls12 =
    /^TLS_(?:(ECDHE_RSA|ECDHE_ECDSA|RSA)_WITH_)?(AES_(?:128|256)_(?:CBC|GCM)|CHACHA20_POLY1305)_(SHA\d*)$/.exec(
      name,
    );
  if (tls12 === null)
    throw new MusterError('config', `tls_server_config: cipher suite ${JSON.stringify(name)} is not known`);
  const [, exchange, cipher = '', hash = ''] = tls12;
  if (exchange === undefined) return name;
  const bulk = cipher.replace(/^AES_/, 'AES').replace(/_CBC$/, '').replaceAll('_', '-');
  const end = cipher.startsWith('CHACHA') ? '' : `-${hash}`;
  return `${exchange === 'RSA' ? '' : `${exchange.replace('_', '-')}-`}${bulk}${end}`;
}

const curves: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
};

function curveName(name: string): string {
  const curve = curves[name];
  if (curve === undefined)
    throw new MusterError('config', `tls_server_config: curve ${JSON.stringify(name)} is not known`);
  return curve;
}
