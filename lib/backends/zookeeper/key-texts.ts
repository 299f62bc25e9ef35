import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `serverset_sd_configs` and `nerve_sd_configs`. */
export const zookeeperTexts: KeyTexts = {
  servers: ['Servers of the ensemble: host:port, or host for port 2181.', ['zk1.internal:2181']],
  paths: ['Nodes whose trees are read.', ['/services/web']],
  timeout: ['Timeout of the session. A server that is silent this long is given up.', '20s'],
};
