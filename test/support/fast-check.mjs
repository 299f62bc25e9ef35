import fc from '../../node_modules/fast-check/lib/fast-check.js';

/**
 * What tests import as `fast-check` (see `moduleNameMapper` in package.json): the same with a fixed seed, so that a run
 * fails for what was changed and never by chance. To look for more: `MUSTER_SEED=$RANDOM npm test`.
 */
fc.configureGlobal({ seed: Number(process.env.MUSTER_SEED ?? 1) });

export * from '../../node_modules/fast-check/lib/fast-check.js';
export default fc;
