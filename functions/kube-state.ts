import { defineKubeState } from '../lib/lambda/kube-state-work.ts';

/** Lists clusters for kube state; see lib/app/function. */
export const handler = defineKubeState();
