import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `nomad_sd_configs`. */
export const nomadTexts: KeyTexts = {
  server: ['URL of the Nomad server.', 'http://nomad.internal:4646'],
  namespace: ['Namespace that is listed; `*` for all.', 'web'],
  region: ['Region that is asked.', 'eu'],
  tag_separator: ['Stands between the tags in `__meta_nomad_tags`.', ','],
  allow_stale: ['Let any server answer, not the leader alone.', false],
};
