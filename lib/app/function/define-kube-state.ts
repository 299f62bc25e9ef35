import { defineHandler } from './handler.ts';
import { readKubeStateConfig } from './kube-state-config.ts';
import { kubeStateWork } from './kube-state-work.ts';

/** The handler of the function of kube state. */
export function defineKubeState() {
  return defineHandler({ name: 'kube-state', read: readKubeStateConfig, work: kubeStateWork });
}
