/** Environment variables, as `process.env` has them. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What a client of the AWS SDK takes as its `requestHandler`. Times in milliseconds. */
export interface RequestHandlerOptions {
  readonly connectionTimeout?: number;
  readonly socketTimeout?: number;
  readonly httpAgent?: ProxiedAgent;
  readonly httpsAgent?: ProxiedAgent;
}

interface ProxiedAgent {
  readonly keepAlive: true;
  readonly maxSockets: number;
  /** Node's agents go by it. */
  readonly proxyEnv: NodeJS.ProcessEnv;
}

/** As many as the SDK has by itself. */
const maxSockets = 50;

/**
 * How the clients of the AWS SDK reach their service: through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`
 * (or the same in lower case) name, as the SDKs of other languages do and that of JavaScript does not. What is on
 * this machine is asked directly.
 */
export function awsRequestHandler(
  timeouts: Pick<RequestHandlerOptions, 'connectionTimeout' | 'socketTimeout'> = {},
  environment: Environment = process.env,
): RequestHandlerOptions {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const [https, http, direct] = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].map(read);
  if (https === undefined && http === undefined) return timeouts;
  const proxyEnv = {
    ...(https !== undefined && { HTTPS_PROXY: https }),
    ...(http !== undefined && { HTTP_PROXY: http }),
    NO_PROXY: [direct, 'localhost,127.0.0.1,::1'].filter((one) => one !== undefined).join(','),
  };
  const agent = { keepAlive: true, maxSockets, proxyEnv } as const;
  return { ...timeouts, httpAgent: agent, httpsAgent: agent };
}
