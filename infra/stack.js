/**
 * What serverless.yml takes from here with `${file(infra/stack.js):…}`: the Serverless Framework loads JavaScript
 * only, Node itself loads the TypeScript behind it.
 */
export { functions, resources } from './stack/stack.ts';
