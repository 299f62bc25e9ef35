import { stat } from 'node:fs/promises';
import type { Server, ServerOptions } from 'node:https';
import { MusterError, toMusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { loadWebConfig, type WebConfig } from '../../config/web-config.ts';
import { type Admission, createSignIn } from './sign-in.ts';
import { guardClients, readTls } from './tls.ts';

/** What stands between the network and the HTTP face. */
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

export interface WebGateOptions {
  /** File in the format of Prometheus's `--web.config.file`. */
  readonly path: string;
  readonly log: Logger;
  /** Milliseconds between two looks whether a file has changed. Default 2 seconds. */
  readonly interval?: number;
}

/**
 * Opens the gate that the file describes, and follows the file and the certificates that it names: what was changed is
 * in force a moment later, what is wrong is told and leaves the last good state. Only whether there is TLS at all is
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
