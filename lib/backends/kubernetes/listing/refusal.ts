import { MusterError } from '../../../errors.ts';
import { shownUrl } from '../../../http/place.ts';
import type { KindNames } from '../kinds/kind.ts';

/** A list that an API server did not give. */
export interface Refused {
  readonly url: URL;
  readonly status: number;
  readonly kind: KindNames;
  readonly namespace: string;
  /** The server's own words; empty where there are none that can be read. */
  readonly said: string;
  /** What to look at when the server does not know who is asking. */
  readonly whenUnknown: string;
}

/** The error for a list that the API server refused: what, where, and what to do. */
export function refusalError(refused: Refused): MusterError {
  const { url, status } = refused;
  const fail = (kind: 'denied' | 'not-found' | 'expired' | 'status', words: string) =>
    new MusterError(kind, `GET ${shownUrl(url)}: HTTP ${status}: ${words}`, { status });
  switch (status) {
    case 401:
      return fail('denied', `the API server does not know who is asking: ${refused.whenUnknown}`);
    case 403:
      return fail('denied', forbidden(refused));
    case 404:
      return fail('not-found', missing(refused));
    case 410:
      return fail(
        'expired',
        `the list of ${refused.kind.resource} expired before its last page came, again and again: a larger page_size makes it shorter`,
      );
    default:
      return fail('status', `the API server refused the list of ${refused.kind.resource}`);
  }
}

function forbidden({ kind, namespace, said }: Refused): string {
  const { apiVersion, resource } = kind;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const who = userIn(said);
  const where = namespace === '' ? 'in all namespaces' : `in namespace ${JSON.stringify(namespace)}`;
  const scope = kind.namespaced ? ` ${where}` : '';
  const role = namespace === '' ? 'a ClusterRole' : `a Role in ${JSON.stringify(namespace)}`;
  const rule = `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["list"]}`;
  return `${who} may not list ${resource}${scope}: bind it to ${role} with the rule ${rule}`;
}

/** User names of the forms that hold no secret: a server's text is not repeated unseen. */
const userName =
  /User "(?<user>system:[\w.:-]{1,150}|arn:aws[\w:/+=,.@-]{1,200}|[\w.+-]{1,64}@[\w.-]{1,100})" cannot/;

function userIn(said: string): string {
  const user = userName.exec(said)?.groups?.user;
  return user === undefined ? 'the user of these credentials' : `user "${user}"`;
}

/** The first versions of Kubernetes that have an API. Source: Kubernetes deprecation guide. */
const since: Readonly<Record<string, string>> = {
  'discovery.k8s.io/v1': '1.21',
  'networking.k8s.io/v1': '1.19',
};

function missing({ kind: { apiVersion, resource } }: Refused): string {
  const version = since[apiVersion];
  return version === undefined
    ? `there is no ${apiVersion} ${resource}: is this the address of a Kubernetes API server?`
    : `the API server has no ${resource} of ${apiVersion}: that takes Kubernetes ${version} or later`;
}
