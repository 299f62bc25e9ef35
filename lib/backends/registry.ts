import type { ZodType } from 'zod';
import type { Cursor } from '../target/discover.ts';
import type { TargetGroup } from '../target/group.ts';
import { consul } from './consul/index.ts';
import type { Mechanism, MechanismInput, SdConfig } from './mechanism.ts';

/** One SD config together with the mechanism that lists its targets. */
export interface BoundStanza {
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  readonly discover: (input: MechanismInput) => AsyncGenerator<readonly TargetGroup[], Cursor | undefined>;
}

/** A mechanism as the configuration needs it: its stanzas come out bound to it, whatever they hold. */
export interface BoundMechanism {
  readonly name: string;
  readonly configKey: string;
  readonly schema: ZodType<BoundStanza>;
}

/** All backends. A new one is a line here. */
export const mechanisms: readonly BoundMechanism[] = [bind(consul)];

/** Makes mechanisms of any configuration alike. */
export function bind<Config extends SdConfig>({
  name,
  configKey,
  schema,
  discover,
}: Mechanism<Config>): BoundMechanism {
  return {
    name,
    configKey,
    schema: schema.transform((config) => ({
      refreshInterval: config.refresh_interval,
      discover: (input) => discover(config, input),
    })),
  };
}
