import type { Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import { MusterError } from '../errors.ts';
import { shownOrigin, shownUrl } from './place.ts';
import { type ChooseProxy, proxyAuthorization } from './proxy.ts';
import type { Route } from './route.ts';
import type { Sockets } from './sockets.ts';
import type { HeaderValues } from './tunnel.ts';

/** Where to hand a request in, and how to write it there. */
export interface Way {
  readonly dispatcher: Dispatcher;
  readonly path: string;
  /** For the proxy alone; empty where none reads the request. */
  readonly headers: HeaderValues;
}

/** The kept-alive connections of one client. */
export interface Pools {
  way(url: URL): Way;
  close(): Promise<void>;
}

export function openPools(options: {
  readonly sockets: Sockets;
  readonly chooseProxy: ChooseProxy;
  readonly connectHeaders: HeaderValues;
  readonly http2: boolean;
  readonly unixSocket: string | undefined;
}): Pools {
  const { sockets, chooseProxy, connectHeaders, http2, unixSocket } = options;
  const pools = new Map<string, Pool>();

  const poolFor = (route: Route): Pool => {
    const origin = shownOrigin(route.origin);
    const known = pools.get(origin);
    if (known) return known;
    const pool = new Pool(origin, {
      connect: sockets.connector(route),
      allowH2: http2,
      // The exchange keeps its own time, which holds for HTTP/1 and 2 alike.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    pools.set(origin, pool);
    return pool;
  };

  return {
    way(url) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        throw new MusterError('config', `the URL must begin with http:// or https://`);
      const path = `${url.pathname}${url.search}`;
      if (unixSocket !== undefined)
        return { dispatcher: poolFor({ origin: url, unixSocket }), path, headers: {} };
      const proxy = chooseProxy(url);
      if (proxy === undefined) return { dispatcher: poolFor({ origin: url }), path, headers: {} };
      const authorization = proxyAuthorization(proxy);
      const credentials = authorization === undefined ? {} : { 'proxy-authorization': [authorization] };
      const dispatcher = poolFor({
        origin: url,
        proxy: { url: proxy, connectHeaders: { ...connectHeaders, ...credentials } },
      });
      if (url.protocol === 'https:') return { dispatcher, path, headers: {} };
      return { dispatcher, path: `${shownUrl(url)}${url.search}`, headers: credentials };
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      await sockets.close();
    },
  };
}
