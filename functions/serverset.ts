import { serverset } from '../lib/backends/zookeeper/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the members of serversets in ZooKeeper; see lib/lambda. */
export const handler = defineFunction(serverset);
