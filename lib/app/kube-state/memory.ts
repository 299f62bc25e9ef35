import { setFlagsFromString } from 'node:v8';

/**
 * For writing streams: almost all that is made is garbage a moment later. V8 would meet that with a young generation of
 * 100 MB and more; kept at the size it has, it is swept more often, and the process stays small.
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}
