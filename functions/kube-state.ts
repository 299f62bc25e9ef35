import { defineKubeState } from '../lib/lambda/kube-state-work.ts';

/** Lists clusters for kube state; see lib/lambda. */
export const handler = defineKubeState();
