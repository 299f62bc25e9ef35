import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetAnswer, FleetRequest } from '../../faults.ts';
import type { JsonObject } from '../wire/json.ts';
import { type Form, failureAnswer, listAnswer, prettyAnswer, watchAnswer } from './answers.ts';
import type { CustomResources } from './custom.ts';
import { type Found, listObjects, type Versions } from './list.ts';
import { type ListOptions, readListOptions } from './list-options.ts';
import { apiVersionOf, type ResourceAt, resourceAt, resources } from './resources.ts';
import { ApiError, failures } from './status.ts';

/** A permission that the service account lacks. An absent key means any value. */
export interface Denial {
  readonly verb?: 'list' | 'watch' | 'get';
  /** The last part of its path. */
  readonly resource?: string;
  /** Calls for this namespace only. With `''`: calls for the whole cluster. */
  readonly namespace?: string | undefined;
}

/** What responses depend on, apart from the objects. All of it may change while the server runs. */
export interface ApiSettings {
  readonly token: string | undefined;
  /** UID of the namespace kube-system. Clients can request only this object by its name. */
  readonly clusterUid: string | undefined;
  readonly listLatency: number;
  readonly denials: ReadonlySet<Denial>;
  /** API groups that this server does not have. */
  readonly missingGroups: ReadonlySet<string>;
  /** Whether a watch may begin with all objects (the WatchList feature, on since Kubernetes 1.34). */
  readonly watchList: boolean;
  /** Whether kinds without objects are listed as empty; otherwise they are unknown. */
  readonly otherLists: boolean;
  readonly custom: CustomResources;
}

const user = 'system:serviceaccount:monitoring:muster';

/** Answers one request to the Kubernetes API. */
export async function answerApi(
  versions: Versions,
  settings: ApiSettings,
  request: FleetRequest,
): Promise<FleetAnswer> {
  const form = negotiate(request.headers.accept);
  try {
    if (form === undefined) throw new ApiError(failures.notAcceptable(offeredTypes));
    return await answer(versions, settings, request, form);
  } catch (error) {
    if (error instanceof ApiError) return failureAnswer(error.failure, form ?? 'json');
    throw error;
  }
}

async function answer(
  versions: Versions,
  { token, clusterUid, listLatency, denials, missingGroups, watchList, otherLists, custom }: ApiSettings,
  request: FleetRequest,
  negotiated: Form,
): Promise<FleetAnswer> {
  const path = decodeURIComponent(request.path);
  if (/^\/(?:livez|readyz|healthz)$/.test(path)) return { body: 'ok' };
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
    throw new ApiError(failures.unauthorized());

  if (path === '/api/v1/namespaces/kube-system' && clusterUid !== undefined)
    return prettyAnswer({
      ...{ kind: 'Namespace', apiVersion: 'v1' },
      metadata: { name: 'kube-system', uid: clusterUid },
    });
  const itself = about(path, missingGroups);
  if (itself !== undefined) return prettyAnswer(itself);
  const empty = otherLists ? emptyList(path, versions.current().version) : undefined;
  if (empty !== undefined) return prettyAnswer(empty);
  const one = custom.object(path);
  if (one !== undefined) {
    refuseDenied(denials, 'get', one);
    if (one.object === undefined) throw new ApiError(failures.notFound());
    return prettyAnswer(one.object);
  }
  const found = custom.at(path, versions) ?? standard(path, versions);
  if (found === undefined || missingGroups.has(found.resource.group)) throw new ApiError(failures.notFound());
  if (request.method !== 'GET') throw new ApiError(failures.methodNotAllowed());

  const { resource, namespace } = found;
  if (found.jsonOnly && !/json|\*/.test(request.headers.accept ?? '*'))
    throw new ApiError(failures.notAcceptable(offeredTypes.slice(0, 2)));
  const form = found.jsonOnly ? 'json' : negotiated;
  const verb = /^(?:1|true)$/.test(request.query.get('watch') ?? '') ? 'watch' : 'list';
  refuseDenied(denials, verb, found);

  const options = readListOptions(request, resource, watchList);
  if (options.watch && !options.initialEvents) {
    const { version } = versions.current();
    return watchAnswer(resource, { version, bookmarks: options.bookmarks, initial: undefined }, form);
  }
  if (listLatency > 0) await sleep(listLatency);
  if (options.watch) {
    const initial = found.list({ ...options, limit: 0 });
    const version = versions.current().version;
    return watchAnswer(resource, { version, bookmarks: options.bookmarks, initial }, form);
  }
  const listing = found.list(options);
  return listAnswer(listing, `${namespace ?? ''}&${options.selection}`, { resource, form }, request);
}

/** Throws the server's 403 if the service account lacks the permission. */
function refuseDenied(
  denials: ReadonlySet<Denial>,
  verb: 'list' | 'watch' | 'get',
  { resource, namespace }: Pick<ResourceAt, 'resource' | 'namespace'>,
): void {
  for (const denial of denials) {
    const {
      verb: onVerb = verb,
      resource: onResource = resource.name,
      namespace: on = namespace ?? '',
    } = denial;
    if (onVerb === verb && onResource === resource.name && on === (namespace ?? ''))
      throw new ApiError(failures.forbidden(user, verb, resource, namespace));
  }
}

/** The resources that every server has. */
function standard(path: string, versions: Versions): Found | undefined {
  const found = resourceAt(path);
  if (found === undefined) return undefined;
  const { resource, namespace } = found;
  const list = (options: ListOptions) => listObjects(versions, resource.name, namespace, options);
  return { ...found, jsonOnly: false, list };
}

/** The types that a real API server offers in its 406. The simulation does not support YAML. */
const offeredTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];

/** The form for an `Accept` header: the supported type with the highest quality, or the first of several. */
function negotiate(accept: string | undefined): Form | undefined {
  if (accept === undefined || accept.trim() === '') return 'json';
  const accepted = accept
    .split(',')
    .map((entry) => {
      const [type = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      const as = parameters.some((parameter) => parameter.startsWith('as='));
      return {
        form: as ? undefined : forms[type],
        quality: quality === undefined ? 1 : Number(quality.slice(2)),
      };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  return accepted.find(({ form }) => form !== undefined)?.form;
}

const forms: Readonly<Record<string, Form>> = {
  'application/json': 'json',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/*': 'json',
  '*/*': 'json',
};

/** Returns the response about the server itself, without removed groups. Undefined for another path. */
function about(path: string, missing: ReadonlySet<string>): JsonObject | undefined {
  switch (path) {
    case '/version':
      return version;
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames(missing).map(groupEntry) };
  }
  const listed = Object.values(resources).filter(
    (resource) => path === pathOf(apiVersionOf(resource)) && !missing.has(resource.group),
  );
  const [first] = listed;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    ...(first.group !== '' && { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(first),
    resources: listed.map(({ name, kind, namespaced }) => ({
      name,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ['list', 'watch'],
    })),
  };
}

const version: JsonObject = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.0-simulated',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go0',
  compiler: 'gc',
  platform: 'linux/amd64',
};

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function groupNames(missing: ReadonlySet<string>): string[] {
  const groups = new Set(Object.values(resources).map(({ group }) => group));
  return [...groups].filter((group) => group !== '' && !missing.has(group));
}

function groupEntry(name: string): JsonObject {
  const preferred = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [preferred], preferredVersion: preferred };
}

/** Kinds that every cluster has, but without objects in this one, by the path of their list. */
const kinds: Readonly<Record<string, string>> = {
  '/api/v1/configmaps': 'ConfigMap',
  '/api/v1/limitranges': 'LimitRange',
  '/api/v1/persistentvolumeclaims': 'PersistentVolumeClaim',
  '/api/v1/persistentvolumes': 'PersistentVolume',
  '/api/v1/replicationcontrollers': 'ReplicationController',
  '/api/v1/resourcequotas': 'ResourceQuota',
  '/api/v1/secrets': 'Secret',
  '/api/v1/serviceaccounts': 'ServiceAccount',
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': 'MutatingWebhookConfiguration',
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations': 'ValidatingWebhookConfiguration',
  '/apis/apps/v1/daemonsets': 'DaemonSet',
  '/apis/apps/v1/deployments': 'Deployment',
  '/apis/apps/v1/statefulsets': 'StatefulSet',
  '/apis/autoscaling/v2/horizontalpodautoscalers': 'HorizontalPodAutoscaler',
  '/apis/batch/v1/cronjobs': 'CronJob',
  '/apis/certificates.k8s.io/v1/certificatesigningrequests': 'CertificateSigningRequest',
  '/apis/coordination.k8s.io/v1/leases': 'Lease',
  '/apis/networking.k8s.io/v1/ingressclasses': 'IngressClass',
  '/apis/networking.k8s.io/v1/networkpolicies': 'NetworkPolicy',
  '/apis/policy/v1/poddisruptionbudgets': 'PodDisruptionBudget',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings': 'ClusterRoleBinding',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles': 'ClusterRole',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings': 'RoleBinding',
  '/apis/rbac.authorization.k8s.io/v1/roles': 'Role',
  '/apis/storage.k8s.io/v1/storageclasses': 'StorageClass',
  '/apis/storage.k8s.io/v1/volumeattachments': 'VolumeAttachment',
};

/** Returns the empty list of such a kind, always in JSON. Undefined for another path. */
function emptyList(path: string, version: number): JsonObject | undefined {
  const kind = Object.hasOwn(kinds, path) ? kinds[path] : undefined;
  if (kind === undefined) return undefined;
  const apiVersion = path.split('/').slice(2, -1).join('/');
  return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: `${version}` }, items: [] };
}
