import { isIPv6 } from 'node:net';
import type * as z from 'zod';
import * as field from '../../config/fields.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { ownFields, sdConfig } from '../../config/sd-config.ts';
import { rule } from '../../config/section.ts';

/** The address of a server of the ensemble. */
export interface ZookeeperServer {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

// Prometheus keeps watches and has no refresh_interval here.
const keys = sdConfig('30s', {
  ...ownFields,
  servers: field.list(field.leaf('host:port, or host for port 2181', readServer)),
  paths: field.list(field.leaf('a path such as /services/web, without a / at its end', readPath)),
  timeout: field.duration('10s'),
});

type Keys = z.output<typeof keys>;

/** An element of `serverset_sd_configs` and of `nerve_sd_configs`. Source: Prometheus configuration reference. */
export const zookeeperConfig = keys.check(
  rule<Keys, 'servers'>(['servers'], ({ servers }) =>
    servers.length === 0 ? 'must list at least one server' : undefined,
  ),
  rule<Keys, 'paths'>(['paths'], ({ paths }) =>
    paths.length === 0 ? 'must list at least one path' : undefined,
  ),
);

/** One SD config after defaults and checks. */
export type ZookeeperConfig = z.output<typeof zookeeperConfig>;

function readServer(source: string): ZookeeperServer | undefined {
  const { bracketed, plain, digits = '2181' } = serverSyntax.exec(source)?.groups ?? {};
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  return plain === undefined ? undefined : { host: plain, port };
}

const serverSyntax = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^\s:/@[\]]+))(?::(?<digits>\d{1,5}))?$/;

/** A path that ZooKeeper accepts: no empty, `.` or `..` segment, and no control characters. */
function readPath(source: string): string | undefined {
  const segments = source.split('/').slice(1);
  const isRoot = source === '/';
  const clean = source.startsWith('/') && !/\p{Cc}/u.test(source) && source.isWellFormed();
  return isRoot || (clean && !segments.some((segment) => ['', '.', '..'].includes(segment)))
    ? source
    : undefined;
}

/** The keys of `serverset_sd_configs` and `nerve_sd_configs`. */
export const zookeeperTexts: KeyTexts = {
  servers: ['Servers of the ensemble: host:port, or host for port 2181.', ['zk1.internal:2181']],
  paths: ['Nodes whose trees are read.', ['/services/web']],
  timeout: ['Timeout of the session. A server that is silent this long is given up.', '20s'],
};
