import { backendFunction } from 'muster-sd/function';
import inventory from './inventory.mjs';

export const handler = backendFunction(inventory);
