import { readRules } from 'muster-sd/relabel';

const rules = readRules([
  { source_labels: ['__meta_inventory_role'], regex: 'web|api', action: 'keep' },
  { source_labels: ['__meta_inventory_rack'], target_label: 'rack' },
]);
const labels = { __address__: '10.0.0.1:80', __meta_inventory_role: 'web', __meta_inventory_rack: 'r1' };
process.stdout.write(
  JSON.stringify([rules.apply(labels), rules.apply({ ...labels, __meta_inventory_role: 'db' }) ?? 'dropped']),
);
