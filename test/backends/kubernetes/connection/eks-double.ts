import { createHash, createHmac } from 'node:crypto';
import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../../../lib/sim/faults.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { type ApiServer, startApiServer, status } from '../api-server.ts';

/** An access key as AWS keeps it. */
interface AccessKey {
  readonly secret: string;
  readonly session?: string;
}

/** The AWS endpoints for one EKS cluster, and its API server, which knows who asks only by asking STS. */
export interface EksDouble extends AsyncDisposable {
  readonly aws: ApiServer;
  readonly api: ApiServer;
  /** Who was found behind each request to the API server. */
  readonly callers: readonly string[];
}

export const region = 'eu-west-1';
export const functionKey = 'AKIAFUNCTION';
export const roleKey = 'ASIAROLE';

const keys: Readonly<Record<string, AccessKey>> = {
  [functionKey]: { secret: 'function/secret+key', session: 'function//session==' },
  [roleKey]: { secret: 'role/secret', session: 'role+session' },
};

/**
 * Starts both: the cluster is handed out only to requests that are signed as AWS demands, and the API server gives this
 * answer only to whom STS knows.
 */
export async function startEks(cluster = 'blue', answer: FleetAnswer = { body: 'yes' }): Promise<EksDouble> {
  const authority = createAuthority();
  const callers: string[] = [];
  const api = await startApiServer(
    ({ headers }) => {
      const caller = callerOf(headers.authorization ?? '', cluster);
      if (caller === undefined) return status(401, 'Unauthorized');
      callers.push(caller);
      return answer;
    },
    { tls: authority.issue({ names: ['127.0.0.1'] }) },
  );
  const aws = await startApiServer((request) => {
    if (request.path === '/') return assumeRole(request);
    const signedBy = signer(request, 'eks');
    if (signedBy === undefined)
      return { ...jsonAnswer({ message: 'not signed as it should be' }), status: 403 };
    if (request.path !== `/clusters/${cluster}`)
      return { ...jsonAnswer({ message: 'No cluster found' }), status: 404 };
    const data = Buffer.from(authority.cert).toString('base64');
    return jsonAnswer({ cluster: { status: 'ACTIVE', endpoint: api.url, certificateAuthority: { data } } });
  });
  return {
    aws,
    api,
    callers,
    async [Symbol.asyncDispose]() {
      await Promise.all([aws.stop(), api.stop()]);
    },
  };
}

/** The access key behind a cluster token; undefined where STS would refuse the call in it. */
export function callerOf(authorization: string, cluster: string): string | undefined {
  const token = /^Bearer k8s-aws-v1\.(?<url>[\w-]+)$/.exec(authorization)?.groups?.url;
  if (token === undefined) return undefined;
  const url = new URL(Buffer.from(token, 'base64url').toString());
  const query = url.searchParams;
  const asked = [
    query.get('Action'),
    query.get('Version'),
    query.get('X-Amz-Expires'),
    query.get('X-Amz-SignedHeaders'),
  ];
  if (asked.join(' ') !== 'GetCallerIdentity 2011-06-15 60 host;x-k8s-aws-id') return undefined;
  const headers = { host: url.host, 'x-k8s-aws-id': cluster };
  return signer({ method: 'GET', path: url.pathname, query, headers, body: '' }, 'sts');
}

function assumeRole(request: FleetRequest): FleetAnswer {
  const form = new URLSearchParams(request.body);
  const allowed =
    signer(request, 'sts') === functionKey && form.get('RoleArn') === 'arn:aws:iam::123456789012:role/muster';
  if (!allowed) {
    const error = '<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed</Message></Error>';
    return {
      status: 403,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse>${error}</ErrorResponse>`,
    };
  }
  const credentials =
    `<AccessKeyId>${roleKey}</AccessKeyId><SecretAccessKey>${keys[roleKey]?.secret}</SecretAccessKey>` +
    `<SessionToken>${keys[roleKey]?.session}</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>`;
  return {
    headers: { 'content-type': 'text/xml' },
    body: `<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * The access key that signed the request, by Signature Version 4 in its headers or its query; undefined where the
 * signature is not that of the key's secret. Source: AWS, Create a signed AWS API request.
 */
function signer({ method, path, query, headers, body }: FleetRequest, service: string): string | undefined {
  const inHeader = /Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
    headers.authorization ?? '',
  );
  const [credential, signedHeaders, signature] = inHeader
    ? inHeader.slice(1)
    : ['Credential', 'SignedHeaders', 'Signature'].map((name) => query.get(`X-Amz-${name}`) ?? '');
  const [id = '', day = '', ...scope] = credential?.split('/') ?? [];
  const key = keys[id];
  const session = headers['x-amz-security-token'] ?? query.get('X-Amz-Security-Token') ?? undefined;
  if (key === undefined || session !== key.session || scope.join('/') !== `${region}/${service}/aws4_request`)
    return undefined;

  const names = signedHeaders?.split(';') ?? [];
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort();
  const canonical = [
    method,
    path,
    canonicalQuery.join('&'),
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const date = headers['x-amz-date'] ?? query.get('X-Amz-Date') ?? '';
  const toSign = ['AWS4-HMAC-SHA256', date, [day, ...scope].join('/'), sha256(canonical)].join('\n');
  const signingKey = scope.reduce(hmac, hmac(`AWS4${key.secret}`, day));
  return hmac(signingKey, toSign).toString('hex') === signature ? id : undefined;
}
