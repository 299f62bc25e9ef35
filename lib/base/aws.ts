import * as z from 'zod';

/** Environment variables, as `process.env` has them. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The `requestHandler` option of a client of the AWS SDK. Times are in milliseconds. */
export interface RequestHandlerOptions {
  readonly connectionTimeout?: number;
  readonly socketTimeout?: number;
  readonly httpAgent?: ProxiedAgent;
  readonly httpsAgent?: ProxiedAgent;
}

interface ProxiedAgent {
  readonly keepAlive: true;
  readonly maxSockets: number;
  /** Environment variables for Node's agents. */
  readonly proxyEnv: NodeJS.ProcessEnv;
}

/** The default of the SDK. */
const maxSockets = 50;

/**
 * How the clients of the AWS SDK reach their service: through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`
 * (or the same in lower case) name. The SDK for JavaScript does not do this itself, unlike those of other languages.
 * Servers on this machine are reached directly.
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

/** The facts of an AWS SDK error. The peer wrote each field: it is a plain word, or left out. */
export interface AwsError {
  /** The service's code, as `NoSuchKey` or `AccessDeniedException`, or the system's, as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** The region of a bucket that was called in another region. */
  readonly bucketRegion: string | undefined;
}

/**
 * Reads an error of the AWS SDK. Never throws. Its message is left out: the server wrote it, and may send back what the
 * request held.
 */
export function readAwsError(error: unknown): AwsError {
  const { name, code, message, $metadata, $response } = sdkError.catch(noError).parse(error);
  // The SDK has no name of its own for this one.
  const known = message === 'Region is missing' ? 'MissingRegion' : (code ?? name);
  return {
    code: known === 'Unknown' || known === 'Error' ? undefined : known,
    status: $metadata.httpStatusCode,
    requestId: $metadata.requestId,
    bucketRegion: $response?.headers['x-amz-bucket-region'],
  };
}

const word = z.string().regex(/^[\w.+/=-]{1,100}$/);

const sdkError = z.object({
  name: word.optional().catch(undefined),
  code: word.optional().catch(undefined),
  message: z.string().catch(''),
  $metadata: z
    .object({ httpStatusCode: z.number().optional(), requestId: word.optional().catch(undefined) })
    .catch({}),
  $response: z
    .object({ headers: z.object({ 'x-amz-bucket-region': word.optional().catch(undefined) }) })
    .optional()
    .catch(undefined),
});

const noError = { name: undefined, code: undefined, message: '', $metadata: {}, $response: undefined };
