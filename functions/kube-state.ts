import { defineKubeState } from '../lib/app/function/define-kube-state.ts';

/** Lists clusters for kube state; see lib/app/function. */
export const handler = defineKubeState();
