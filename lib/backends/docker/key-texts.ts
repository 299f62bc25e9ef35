import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys that `docker_sd_configs` and `dockerswarm_sd_configs` have in common. */
export const engineTexts: KeyTexts = {
  host: [
    'Address of the API. HTTP client options apply only to `http://` and `https://`.',
    'unix:///var/run/docker.sock',
  ],
  port: ['Port of targets without one.', 9323],
  filters: ['Filters that the engine applies.', [{ name: 'label', values: ['prometheus'] }]],
  'filters[].name': ['Name of the filter.', 'label'],
  'filters[].values': ['Its values.', ['prometheus']],
};

/** The keys of `docker_sd_configs`. */
export const dockerTexts: KeyTexts = {
  ...engineTexts,
  host_networking_host: ["Address of containers in the host's network.", '10.0.0.5'],
  match_first_network: ['Use only the first of several networks, by name.', false],
};
