import type { z } from 'zod';
import { leaf } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';

/** The URL as it stands in the file: it becomes the label `__meta_url`, which a parsed one would differ from. */
const endpoint = leaf('an http:// or https:// URL without credentials', (source) => {
  const parsed = URL.parse(source);
  const isPlain = parsed !== null && parsed.username + parsed.password === '';
  const isWritten = /^https?:\/\/[^/]/i.test(source) && !/\p{Cc}|\s$/u.test(source);
  return isPlain && isWritten && source.isWellFormed() ? source : undefined;
});

/** An element of `http_sd_configs`. Source: Prometheus configuration reference, http_sd_config. */
export const httpConfig = httpSdConfig('1m', { ...ownFields, url: endpoint }).transform(withHttpClient);

/** One SD config after defaults and checks. */
export type HttpConfig = z.output<typeof httpConfig>;
