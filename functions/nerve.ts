import { defineFunction } from '../lib/lambda/provider-work.ts';
import { nerve } from '../lib/backends/zookeeper/index.ts';

/** Lists Nerve's services in ZooKeeper; see lib/app/function. */
export const handler = defineFunction(nerve);
