import * as field from '../../config/fields.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { ownFields } from '../../config/sd-config.ts';
import { section } from '../../config/section.ts';
import { encodeLabels } from '../../targets/canonical.ts';
import { addressLabel, withoutEmpty } from '../../targets/group.ts';
import type { Mechanism, SdConfig } from '../mechanism.ts';

/** A target of a group. Prometheus refuses one with `/`, which is most often a URL. */
const address = field.leaf('host:port, not a URL', (source) => (source.includes('/') ? undefined : source));

/** Milliseconds between two cycles. The targets are in the configuration, so a cycle costs only its status. */
const refresh = 60_000;

/** An element of `static_configs`. Source: Prometheus configuration reference, static_config. */
const staticConfig = section({
  ...ownFields,
  targets: field.list(address),
  labels: field.stringMap(),
}).transform((keys) => ({
  ...keys,
  refresh_interval: refresh,
}));

interface StaticConfig extends SdConfig {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Targets in the configuration itself: a group for each element. Read only with `muster: { publish: all }`. */
export const staticTargets: Mechanism<StaticConfig> = {
  name: 'static',
  configKey: 'static_configs',
  schema: staticConfig,
  server: () => 'the configuration',
  async *discover({ targets, labels }) {
    const own = withoutEmpty(labels);
    if (targets.length > 0)
      yield [
        { source: encodeLabels(own), labels: own, targets: targets.map((one) => ({ [addressLabel]: one })) },
      ];
    return undefined;
  },
};

/** The keys of `static_configs`. */
export const staticTexts: KeyTexts = {
  targets: ['Targets of the group, as host and port.', ['10.0.0.1:9100']],
  labels: ['Labels of all targets of the group.', { team: 'storage' }],
};
