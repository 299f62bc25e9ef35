import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import * as field from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { decodeJson, listBody, listField, mapField, textField } from '../../http/json.ts';
import type { HttpResponse } from '../../http/send.ts';
import { shownOrigin } from '../../http/url-text.ts';
import { encodeLabels } from '../../targets/canonical.ts';
import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';

/**
 * The label that Muster adds to the targets of an HTTP endpoint; the others are the endpoint's own. Source: Prometheus
 * configuration reference, http_sd_config.
 */
const labels = {
  url: '__meta_url',
} as const;

/** The URL as written: it becomes the label `__meta_url`, and a parsed URL would differ from it. */
const endpoint = field.leaf('an http:// or https:// URL without credentials', (source) => {
  const parsed = URL.parse(source);
  const isPlain = parsed !== null && parsed.username + parsed.password === '';
  const isWritten = /^https?:\/\/[^/]/i.test(source) && !/\p{Cc}|\s$/u.test(source);
  return isPlain && isWritten && source.isWellFormed() ? source : undefined;
});

/** An element of `http_sd_configs`. Source: Prometheus configuration reference, http_sd_config. */
export const httpConfig = httpSdConfig('1m', { ...ownFields, url: endpoint }).transform(withHttpClient);

/** One SD config after defaults and checks. */
type HttpConfig = z.output<typeof httpConfig>;

/** Target groups that an HTTP endpoint serves. */
export const http: Mechanism<HttpConfig> = {
  name: 'http',
  configKey: 'http_sd_configs',
  schema: httpConfig,
  server: ({ url }) => shownOrigin(new URL(url)),
  async *discover(config, { openHttp, signal, onProgress }) {
    const client = await openHttp(config.http);
    const headers = {
      accept: 'application/json',
      // An endpoint may cache its answer for this long.
      'x-prometheus-refresh-interval-seconds': String(config.refresh_interval / 1000),
    };
    const answered = await client.read({ url: new URL(config.url), headers, signal }, readGroups);
    onProgress?.({ read: answered.length, total: answered.length });
    yield buildGroups(answered, config.url).filter(({ targets }) => targets.length > 0);
    return undefined;
  },
};

/** Reads an answer as strictly as Prometheus: only status 200, and only the content type of JSON. */
function readGroups({ status, headers, body }: HttpResponse): readonly Group[] {
  const type = headers['content-type'];
  if (status !== 200)
    throw new MusterError('status', `HTTP ${status}: only an answer with status 200 is a list of targets`, {
      status,
    });
  const groups = decodeJson(body, type, groupList);
  if (!/^application\/json(?:;\s*charset=(?:"utf-8"|utf-8))?$/i.test(type?.trim() ?? ''))
    throw new MusterError(
      'malformed',
      `the content type is ${type === undefined ? 'missing' : JSON.stringify(type.slice(0, 100))}: it must be application/json`,
    );
  return groups;
}

/**
 * The target groups of an answer; groups with equal labels become one. A group's source is its labels. Prometheus uses
 * its position, by which one new group at the beginning would change all others.
 */
export function buildGroups(groups: readonly Group[], url: string): TargetGroup[] {
  const bySource = new Map<string, { readonly labels: LabelSet; readonly targets: LabelSet[] }>();
  for (const group of groups) {
    const own = withoutEmpty(Object.fromEntries(group.labels));
    const source = encodeLabels(own);
    const known = bySource.get(source) ?? { labels: { ...own, [labels.url]: url }, targets: [] };
    bySource.set(source, known);
    for (const address of group.targets) known.targets.push({ [addressLabel]: address });
  }
  return [...bySource].map(([source, group]) => ({ source, ...group }));
}

const group = z.preprocess(
  withSmallKeys,
  z.strictObject({
    targets: listField(textField),
    labels: mapField(textField).refine((map) => !map.has(''), 'a label has no name'),
  }),
);

/** The whole answer of an endpoint. Source: Prometheus, configuration of HTTP service discovery. */
export const groupList = listBody(group);

/** A group as the endpoint writes it. */
export type Group = z.infer<typeof group>;

/** Go reads keys in any case, so endpoints that write `Targets` work with Prometheus. */
function withSmallKeys(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key.toLowerCase(), value]));
}

/** The keys of `http_sd_configs`. */
export const httpTexts: KeyTexts = {
  url: ['URL whose answer is the list of target groups.', 'https://inventory.internal/targets'],
};
