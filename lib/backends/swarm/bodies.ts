import * as z from 'zod';
import { listField } from '../../http/go-json.ts';

const rows = listField(z.tuple([z.string(), z.string()]));

/** `GET /info`, as far as it is read. Swarm 1.0 has its rows in `DriverStatus`, later ones in `SystemStatus`. */
export const swarmInfo = z.object({ SystemStatus: rows, DriverStatus: rows });

export type SwarmInfo = z.infer<typeof swarmInfo>;
