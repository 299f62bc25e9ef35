import type { KeyTexts } from '../../config/key-texts.ts';
import { engineTexts } from '../docker/key-texts.ts';

/** The keys of `dockerswarm_sd_configs`. */
export const dockerSwarmTexts: KeyTexts = {
  ...engineTexts,
  role: ['What becomes targets.', 'tasks'],
};
