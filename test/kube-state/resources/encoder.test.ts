import { expect, test } from '@jest/globals';
import { resources } from '../../../lib/kube-state/registry.ts';
import { isList, isObject, parseJson } from '../../../lib/sim/kubernetes/wire/json.ts';
import { readGolden, readGoldenText } from '../../support/golden.ts';
import { recordedResources } from '../golden.ts';
import { protobufItems } from './harness.ts';

// The tests of the resources write protobuf by tables of ours; a mistake in them would be read back as it was written.
// Leases are left out: their times have microseconds, which the simulated API server does not write.
const recorded = resources.filter(
  ({ resource }) => recordedResources().has(resource) && resource !== 'leases',
);

test.each(recorded.map((one) => [one.resource, one] as const))(
  'the protobuf that tests are made of is byte for byte that of a real API server: %s',
  (name, resource) => {
    const list = parseJson(readGoldenText(`kube-state/lists/${name}.json`));
    const items = isObject(list) && isList(list.items) ? list.items.filter(isObject) : [];
    const bytes = readGolden(`kube-state/lists/${name}.pb`);
    const ours = Buffer.from(protobufItems(resource, items));
    expect(bytes.includes(ours)).toBe(true);
  },
);
