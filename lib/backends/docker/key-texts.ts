import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of the engine, of `docker_sd_configs` and `dockerswarm_sd_configs`. */
export const engineTexts: KeyTexts = {
  host: [
    'Where the API is. HTTP client options count for `http://` and `https://` alone.',
    'unix:///var/run/docker.sock',
  ],
  port: ['Port of targets that have none.', 9323],
  filters: ['Filters that the engine applies.', [{ name: 'label', values: ['prometheus'] }]],
  'filters[].name': ['Name of the filter.', 'label'],
  'filters[].values': ['Its values.', ['prometheus']],
};

/** The keys of `docker_sd_configs`. */
export const dockerTexts: KeyTexts = {
  ...engineTexts,
  host_networking_host: ['Address of containers in the network of the host.', '10.0.0.5'],
  match_first_network: ['Of several networks take the first by name; `false` takes all.', false],
};
