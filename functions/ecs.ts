import { ecs } from '../lib/backends/aws/ecs.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists tasks of ECS; see lib/lambda. */
export const handler = defineFunction(ecs);
