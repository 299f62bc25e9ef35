import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `file_sd_configs`. */
export const fileTexts: KeyTexts = {
  files: [
    'Files with target groups; `*` stands for any text in the last part of a path.',
    ['targets/*.json'],
  ],
};

/** The keys of `static_configs`. */
export const staticTexts: KeyTexts = {
  targets: ['Targets of the group, as host and port.', ['10.0.0.1:9100']],
  labels: ['Labels of all targets of the group.', { team: 'storage' }],
};
