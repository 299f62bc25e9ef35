import { forms, type KeyTexts } from '../../config/key-texts.ts';

/** The keys of `consul_sd_configs`. */
export const consulTexts: KeyTexts = {
  server: ['The agent: host:port, a URL, or `unix:///path`.', 'consul.example:8500'],
  scheme: ['Protocol, where `server` has none.', 'https'],
  path_prefix: ['Prefix of the path of each request.', '/consul'],
  token: ['ACL token.', '7a3b0f6e'],
  ...forms('token', 'The token'),
  username: ['User name; deprecated for `basic_auth`.', 'prometheus'],
  password: ['Password; deprecated for `basic_auth`.', 'secret'],
  datacenter: ["Datacenter to list. Default: the agent's.", 'eu'],
  namespace: ['Namespace of Consul Enterprise.', 'web'],
  partition: ['Admin partition of Consul Enterprise.', 'default'],
  services: ['Services to list. Default: all.', ['web', 'api']],
  tags: ['Only services with all of these tags.', ['prod']],
  node_meta: ['Only nodes with this metadata.', { rack: 'a1' }],
  filter: ['Filter expression for the catalog.', 'ServiceTags contains "prod"'],
  health_filter: ['Filter expression for the instances of a service.', 'Service.Meta.team == "a"'],
  tag_separator: ['Separator of the tags in `__meta_consul_tags`.', ','],
  allow_stale: ['Let any server answer, not only the leader.', false],
};
