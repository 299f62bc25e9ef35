import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `swarm_sd_configs`. */
export const swarmTexts: KeyTexts = {
  masters: ['URLs of all masters.', ['http://swarm-1.internal:3375']],
  metrics_port: ["Port of the nodes' metrics.", 9323],
};
