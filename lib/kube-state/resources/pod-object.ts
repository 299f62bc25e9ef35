import type { ObjectOf } from '../object/kind.ts';
import type { Family } from '../resource.ts';
import type { PodFields } from './pod.ts';

/** A pod as its families see it. */
export type Pod = ObjectOf<PodFields>;

/** A family of pods. */
export type PodFamily = Family<Pod>;
