/**
 * The contract of a store, its drivers, and the suite that each driver passes: for a driver of your own, or for a
 * program that reads what Muster publishes.
 */
export { type ErrorKind, isMusterError, MusterError } from '../base/errors.ts';
export { storeContract } from '../store/contract/contract.ts';
export type { ContractTest, MakePlace } from '../store/contract/probe.ts';
export { createMemoryStore } from '../store/memory.ts';
export { openStore } from '../store/open.ts';
export type {
  Body,
  DeleteOptions,
  ListedObject,
  ListOptions,
  ObjectStore,
  OpenedObject,
  PutCondition,
  PutOptions,
  ReadOptions,
  StoredObject,
  StreamedBody,
} from '../store/store.ts';
export { checkKey, checkPrefix, compareKeys, isKey, readMethods } from '../store/store.ts';
