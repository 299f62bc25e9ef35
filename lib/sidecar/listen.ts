import { MusterError } from '../errors.ts';

/** Where a server listens; no host means all addresses. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

/** Reads `:9469`, `127.0.0.1:9469`, `localhost:9469`, `[::1]:9469`. Throws (kind `config`) for anything else. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new MusterError(
      'config',
      `${JSON.stringify(text)} is not an address to listen on; write :9469, 127.0.0.1:9469 or [::1]:9469`,
    );
  }
  const host = match[1] ?? match[2] ?? '';
  return host === '' ? { port } : { host, port };
}
