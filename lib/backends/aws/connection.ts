import { mapConcurrent, once } from '../../base/concurrency.ts';
import { heedSignals } from '../../base/deadlines.ts';
import { MusterError, oneLine } from '../../base/errors.ts';
import type { Discover } from '../../targets/discover.ts';
import type { TargetGroup } from '../../targets/group.ts';
import type { MechanismInput } from '../mechanism.ts';
import { type Call, openCalls } from './calls.ts';
import type { AccessConfig } from './schema.ts';

/** One region of one account: a part of a listing. */
export interface Part {
  readonly region: string;
  /** Options for every client of the SDK. */
  readonly options: ReturnType<typeof clientOptions>;
  readonly call: Call;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** The result of a part. */
interface PartListing {
  readonly groups: readonly TargetGroup[];
  /** The accounts of its resources, where these name them. */
  readonly accounts: readonly string[];
}

/** Lists the targets of one part. */
export type ListPart = (part: Part) => Promise<PartListing>;

/** Parts that are listed at once. */
const concurrency = 4;

/**
 * Lists all regions of all accounts of the stanza. A resource that two parts see, as with two roles of one account,
 * comes once. Throws the first failure of a part, named by region and role, and kind `config` if no region is set.
 */
export async function* discoverParts(
  config: AccessConfig,
  input: MechanismInput,
  list: ListPart,
): ReturnType<Discover> {
  const { signal, warn } = input;
  const http = await input.openHttp({
    ...config.http,
    // As for all AWS clients of Muster, the proxy of the environment counts unless the stanza names one.
    proxy_from_environment: config.http.proxy_url === undefined,
  });
  const { handler, createCall } = openCalls({ http, signal, deadline: input.deadline });
  const home = config.region ?? config.muster.regions[0] ?? (await findRegion(config, signal));
  const regions = config.muster.regions.length > 0 ? config.muster.regions : [home];
  const roles = config.muster.roles.length > 0 ? config.muster.roles : [config.role_arn];
  const own = await ownCredentials(config, input, { region: home, requestHandler: handler });
  const accounts = roles.map((role) => ({
    role,
    credentials:
      role === undefined ? own : assumed(role, config, own, { region: home, requestHandler: handler }),
  }));
  const parts = accounts.flatMap(({ role, credentials }) =>
    [...new Set(regions)].map((region): Part => {
      const place = role === undefined ? region : `${region} as ${role}`;
      return {
        region,
        options: clientOptions({
          region,
          credentials,
          endpoint: config.endpoint?.href,
          requestHandler: handler,
        }),
        call: createCall(place),
        signal,
        warn,
      };
    }),
  );
  const listed = await mapConcurrent(parts, concurrency, signal, async (part, own) =>
    list({ ...part, signal: own }),
  );
  const groups = new Map(listed.flatMap((one) => one.groups.map((group) => [group.source, group])));
  input.onProgress?.({ read: groups.size });
  yield [...groups.values()];
  const backend = [...new Set(listed.flatMap((one) => one.accounts))].sort();
  return backend.length === 0 ? undefined : { backend };
}

interface OptionsInput {
  readonly region: string;
  readonly credentials: GetCredentials;
  readonly endpoint: string | undefined;
  readonly requestHandler: ReturnType<typeof openCalls>['handler'];
}

/** The SDK's default logger writes warnings to the console. */
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function clientOptions({ region, credentials, endpoint, requestHandler }: OptionsInput) {
  return {
    region,
    credentials,
    requestHandler,
    // We retry ourselves: the SDK's retries ignore the deadline.
    maxAttempts: 1,
    logger,
    ...(endpoint !== undefined && { endpoint }),
  };
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

type GetCredentials = () => Promise<Credentials>;
type CredentialClient = Pick<OptionsInput, 'region' | 'requestHandler'>;

/**
 * The stanza's access key, else the credentials that the SDK finds: environment, profile, container, instance. All
 * regions of a listing share them: credentials are valid much longer than a listing takes.
 */
async function ownCredentials(
  { accessKey, secretKey, profile }: AccessConfig,
  { readCredential, signal, warn }: MechanismInput,
  clientConfig: CredentialClient,
): Promise<GetCredentials> {
  if (accessKey !== undefined && secretKey !== undefined) {
    const accessKeyId = await readCredential(accessKey, signal);
    const secretAccessKey = await readCredential(secretKey, signal);
    return async () => ({ accessKeyId, secretAccessKey });
  }
  if (accessKey !== undefined || secretKey !== undefined)
    warn('access_key and secret_key only count together: the credentials of the process are used');
  const { fromNodeProviderChain } = await import('./sdk/credentials.ts');
  const chain = fromNodeProviderChain({ clientConfig, logger, ...(profile !== '' && { profile }) });
  return once(async () => {
    const from =
      profile === '' ? 'this process has no AWS credentials' : `profile ${profile} gives no credentials`;
    return await orDenied(from, () => chain());
  });
}

/** The credentials of a role, which the given ones assume. */
function assumed(
  role: string,
  { external_id }: AccessConfig,
  own: GetCredentials,
  clientConfig: CredentialClient,
): GetCredentials {
  return once(async () => {
    const { fromTemporaryCredentials } = await import('./sdk/credentials.ts');
    const assume = fromTemporaryCredentials({
      masterCredentials: own,
      params: {
        RoleArn: role,
        RoleSessionName: 'muster',
        ...(external_id !== '' && { ExternalId: external_id }),
      },
      clientConfig,
    });
    return await orDenied(`the role ${role} cannot be assumed`, () => assume());
  });
}

async function orDenied<T>(what: string, get: () => Promise<T>): Promise<T> {
  try {
    return await get();
  } catch (error) {
    const kind = error instanceof MusterError ? error.kind : 'denied';
    const said =
      error instanceof Error ? oneLine(error.message).slice(0, 300) : 'the AWS SDK does not say why';
    throw new MusterError(kind, `${what}: ${said}`);
  }
}

/** The region of the environment, the profile or the instance, in Prometheus's order. Throws `config` without one. */
async function findRegion({ profile }: AccessConfig, signal: AbortSignal): Promise<string> {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_EC2_METADATA_DISABLED } = process.env;
  const given = AWS_REGION || AWS_DEFAULT_REGION;
  if (given) return given;
  const { STSClient } = await import('./sdk/sts.ts');
  const client = new STSClient(profile === '' ? {} : { profile });
  try {
    return await heedSignals(client.config.region(), [signal], 'while the profile was read');
  } catch (error) {
    if (signal.aborted) throw error;
  } finally {
    client.destroy();
  }
  const found = AWS_EC2_METADATA_DISABLED === 'true' ? undefined : await regionOfInstance(signal);
  if (found !== undefined) return found;
  throw new MusterError('config', 'no AWS region: set region in the stanza, or AWS_REGION');
}

/** Milliseconds for an answer of the instance metadata, which is near or does not exist. */
const patience = 1000;

async function regionOfInstance(signal: AbortSignal): Promise<string | undefined> {
  const address = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT || 'http://169.254.169.254';
  const ask = async (path: string, init: RequestInit) => {
    const own = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    const answer = await fetch(new URL(path, address), { ...init, signal: own });
    return answer.ok ? (await answer.text()).trim() : '';
  };
  try {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    const token = await ask('/latest/api/token', { method: 'PUT', headers });
    const region = await ask('/latest/meta-data/placement/region', {
      headers: { 'x-aws-ec2-metadata-token': token },
    });
    return /^[\w-]{1,60}$/.test(region) ? region : undefined;
  } catch {
    return undefined;
  }
}

/** The server, for people: the endpoint, or the service with its regions and roles. */
export function serverOf(service: string, { endpoint, region, role_arn, muster }: AccessConfig): string {
  const regions = muster.regions.length > 0 ? muster.regions : [region ?? 'the region of the process'];
  const roles = muster.roles.length > 0 ? muster.roles : role_arn === undefined ? [] : [role_arn];
  const as = roles.length === 0 ? '' : ` as ${roles.toSorted().join(',')}`;
  return `${endpoint?.origin ?? service} in ${regions.toSorted().join(',')}${as}`;
}

/**
 * Reads all pages of a list. `read` returns the items of a page, and the token of the next one. Throws what `read`
 * throws, and kind `malformed` for a token that comes twice.
 */
export async function readPages<Item>(
  read: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): Promise<Item[]> {
  const items: Item[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const page = await read(token);
    items.push(...page.items);
    if (page.next === undefined || page.next === '') return items;
    if (seen.has(page.next)) throw new MusterError('malformed', 'AWS gave the same page token twice');
    seen.add(page.next);
    token = page.next;
  }
}

/** Splits the items into lists of at most `size`. */
export function batches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** The account in an ARN; empty if it has none. */
export function accountsOf(arns: readonly (string | undefined)[]): readonly string[] {
  const accounts = arns.map((arn) => arn?.split(':')[4] ?? '');
  return [...new Set(accounts.filter((account) => account !== ''))];
}
