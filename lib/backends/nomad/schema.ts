import type { z } from 'zod';
import { bool, text } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverUrl } from '../../config/sd-config.ts';

/** An element of `nomad_sd_configs`. Source: Prometheus configuration reference, nomad_sd_config. */
export const nomadConfig = httpSdConfig('1m', {
  ...ownFields,
  allow_stale: bool(true),
  namespace: text('default'),
  region: text('global'),
  server: serverUrl.prefault('http://localhost:4646'),
  tag_separator: text(','),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
export type NomadConfig = z.output<typeof nomadConfig>;
