import { defineFunction } from '../lib/lambda/provider-work.ts';
import { serverset } from '../lib/backends/zookeeper/index.ts';

/** Lists the members of serversets in ZooKeeper; see lib/app/function. */
export const handler = defineFunction(serverset);
