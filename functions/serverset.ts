import { defineFunction } from '../lib/app/function/define.ts';
import { serverset } from '../lib/backends/zookeeper/index.ts';

/** Lists the members of serversets in ZooKeeper; see lib/app/function. */
export const handler = defineFunction(serverset);
