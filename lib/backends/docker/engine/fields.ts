import type { z } from 'zod';
import { int, leaf, list, nonEmptyText, stringList } from '../../../config/fields.ts';
import { section } from '../../../config/section.ts';
import { hostForms, readHost } from './host.ts';

const filter = section({ name: nonEmptyText(), values: stringList() });

/** Passed on to the engine: values of one name are alternatives, or must all fit, as the engine's reference says. */
export type Filter = z.output<typeof filter>;

/** What the SD configs of everything behind a Docker Engine have in common. */
export const engineFields = {
  host: leaf(hostForms, readHost),
  port: int({ min: 0, max: 65_535 }, 80),
  filters: list(filter),
};
