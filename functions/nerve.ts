import { defineFunction } from '../lib/app/function/define.ts';
import { nerve } from '../lib/backends/zookeeper/index.ts';

/** Lists Nerve's services in ZooKeeper; see lib/app/function. */
export const handler = defineFunction(nerve);
