import * as z from 'zod';
import { listBody, listField, mapField, textField } from '../../http/go-json.ts';

const group = z.preprocess(
  withSmallKeys,
  z.strictObject({
    targets: listField(textField),
    labels: mapField(textField).refine((map) => !map.has(''), 'a label has no name'),
  }),
);

/** The whole answer of an endpoint. Source: Prometheus, configuration of HTTP service discovery. */
export const groupList = listBody(group);

export type Group = z.infer<typeof group>;

/** Go reads keys whatever their case, so that endpoints which write `Targets` work with Prometheus. */
function withSmallKeys(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key.toLowerCase(), value]));
}
