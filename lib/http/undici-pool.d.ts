/** undici's pool alone: the whole package takes a third more memory and CPU time at every start. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}
