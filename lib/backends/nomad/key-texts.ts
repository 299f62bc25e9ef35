import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `nomad_sd_configs`. */
export const nomadTexts: KeyTexts = {
  server: ['URL of the Nomad server.', 'http://nomad.internal:4646'],
  namespace: ['Namespace to list; `*` for all.', 'web'],
  region: ['Region to list.', 'eu'],
  tag_separator: ['Separator of the tags in `__meta_nomad_tags`.', ','],
  allow_stale: ['Let any server answer, not only the leader.', false],
};
