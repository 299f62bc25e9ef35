import type { Kind, KindNames } from '../kinds/kind.ts';
import type { ObjectMeta } from '../objects.ts';

/** What is asked of a list: which objects, of which namespace, and which of them. */
export interface ListQuery<T extends ObjectMeta> {
  readonly kind: Kind<T>;
  /** Empty for all namespaces, and for objects that belong to none. */
  readonly namespace: string;
  /** Label and field selector; empty for all. */
  readonly selector?: Selector;
  /** Objects a page at most, where they are large. */
  readonly limit?: number;
}

export interface Selector {
  readonly label: string;
  readonly field: string;
}

/** What one page of a list is asked with. */
export interface PageParameters {
  readonly limit: number;
  /** Of the page before; empty for the first page. */
  readonly continueToken: string;
  /** Ask for a list that is not older than this; empty for the newest. First page only. */
  readonly resourceVersion: string;
}

/** The path of a list below the API server's URL, as in `api/v1/namespaces/web/pods`. */
function listPath({ apiVersion, resource }: KindNames, namespace: string): string {
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  const scope = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${apiVersion}${scope}/${resource}`;
}

/** Path and selectors: what tells a list from the others of the same server. */
export function listKey<T extends ObjectMeta>({ kind, namespace, selector }: ListQuery<T>): string {
  const parameters = new URLSearchParams(selectorParameters(selector)).toString();
  return `${listPath(kind, namespace)}${parameters === '' ? '' : `?${parameters}`}`;
}

/** The URL of one page. */
export function pageUrl<T extends ObjectMeta>(
  server: URL,
  { kind, namespace, selector }: ListQuery<T>,
  { limit, continueToken, resourceVersion }: PageParameters,
): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, '')}/${listPath(kind, namespace)}`;
  const parameters: Parameters = [
    ...selectorParameters(selector),
    ['limit', `${limit}`],
    ...given('continue', continueToken),
    ...given('resourceVersion', resourceVersion),
    ...given('resourceVersionMatch', resourceVersion === '' ? '' : 'NotOlderThan'),
  ];
  url.search = new URLSearchParams(parameters).toString();
  return url;
}

type Parameters = [name: string, value: string][];

function selectorParameters({ label, field }: Selector = { label: '', field: '' }): Parameters {
  return [...given('labelSelector', label), ...given('fieldSelector', field)];
}

function given(name: string, value: string): Parameters {
  return value === '' ? [] : [[name, value]];
}
