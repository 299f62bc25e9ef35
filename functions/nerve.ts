import { nerve } from '../lib/backends/zookeeper/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists Nerve's services in ZooKeeper; see lib/lambda. */
export const handler = defineFunction(nerve);
