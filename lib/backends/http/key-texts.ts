import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `http_sd_configs`. */
export const httpTexts: KeyTexts = {
  url: ['URL whose answer is the list of target groups.', 'https://inventory.internal/targets'],
};
