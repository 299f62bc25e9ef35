import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { resources } from '../../lib/kube-state/registry.ts';
import { familyHeader } from '../../lib/kube-state/text/family.ts';
import { familiesOf, readExpected } from './golden.ts';

const folder = new URL('resources/', import.meta.url);

/** Families of which a test of objects states a whole sample line. */
const inTests = new Set(
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .flatMap((text) => [...text.matchAll(/[`'"](kube_\w+)\{/g)].map(([, family]) => family)),
);

/** Families of which kube-state-metrics wrote a sample line for the recorded cluster. */
const inRecording = new Set(
  ['all-opt-in', 'labels-annotations-all']
    .flatMap((name) => Object.entries(familiesOf(readExpected(name))))
    .filter(([, lines]) => lines.length > 2)
    .map(([family]) => family),
);

describe.each(resources.map(({ resource, families }) => [resource, families] as const))(
  '%s',
  (_name, families) => {
    test.each(families.map(({ name }) => name))('%s has a sample that a test knows', (family) => {
      expect(inTests.has(family) || inRecording.has(family)).toBe(true);
    });
  },
);

/** Headers of the families of which the recorded cluster had no object. */
const unrecorded = [
  'kube_certificatesigningrequest_annotations Kubernetes annotations converted to Prometheus labels.',
  'kube_certificatesigningrequest_labels [STABLE] Kubernetes labels converted to Prometheus labels.',
  'kube_certificatesigningrequest_created [STABLE] Unix creation timestamp',
  'kube_certificatesigningrequest_condition [STABLE] The number of each certificatesigningrequest condition',
  'kube_certificatesigningrequest_cert_length [STABLE] Length of the issued cert',
  'kube_mutatingadmissionpolicy_info Information about the MutatingAdmissionPolicy.',
  'kube_mutatingadmissionpolicy_created Unix creation timestamp.',
  'kube_mutatingadmissionpolicybinding_info Information about the MutatingAdmissionPolicyBinding.',
  'kube_mutatingadmissionpolicybinding_created Unix creation timestamp.',
  'kube_validatingadmissionpolicy_info Information about the ValidatingAdmissionPolicy.',
  'kube_validatingadmissionpolicy_created Unix creation timestamp.',
  'kube_validatingadmissionpolicybinding_info Information about the ValidatingAdmissionPolicyBinding.',
  'kube_validatingadmissionpolicybinding_created Unix creation timestamp.',
  'kube_validatingadmissionpolicybinding_validation_action Validation actions for the ValidatingAdmissionPolicyBinding.',
];

test('the headers of families are those of the recorded cluster, and of the few that it lacks', () => {
  const recorded = Object.values(familiesOf(readExpected('all-opt-in')));
  const [help, types] = [recorded.map(([line = '']) => line), recorded.map(([, line = '']) => line)];
  const all = resources.flatMap(({ families }) => families).map((family) => familyHeader(family));
  const expected = [
    ...help.map((line, index) => `${line}\n${types[index]}\n`),
    ...unrecorded.map((line) => `# HELP ${line}\n# TYPE ${line.split(' ', 1)} gauge\n`),
  ];
  expect(all.toSorted()).toEqual(expected.toSorted());
});

test('each resource has a test of its own', () => {
  const files = readdirSync(folder);
  const singular = resources.map(({ listKind }) => listKind.replace(/List$/, '').toLowerCase());
  expect(singular.filter((name) => !files.includes(`${name}.test.ts`))).toEqual([]);
});
