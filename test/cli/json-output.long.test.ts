import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const nowhere = 'https://127.0.0.1:1';
const output = {
  name: 'prod',
  kubernetes: { api_server: nowhere, authorization: { credentials: 't' } },
  resources: ['pods'],
};

let fleet: ConsulFleet;
let place: Workplace;
beforeAll(async () => {
  fleet = await startConsulFleet({ seed: 'shapes', services: 0, instances: 0 });
  place = await makeWorkplace();
});
afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
  await fleet?.stop();
});

async function printed(
  command: string,
  ...args: string[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { stdout, stderr } = await place.here([command, ...args, '--output', 'json']);
  if (stdout === '') throw new Error(`${command}: ${stderr}`);
  return JSON.parse(stdout);
}

const api = (services?: readonly string[]) => ({
  job_name: 'api',
  consul_sd_configs: [{ server: fleet.url, ...(services && { services }) }],
  relabel_configs: [{ source_labels: ['__meta_consul_service'], regex: 'web-1', action: 'drop' }],
});

/** An element as a command printed it, beside the command. */
type Printed = readonly [command: string, element: Readonly<Record<string, unknown>>];

/** Elements of every kind, of a registry that changes, loses half of its targets and moves to other jobs. */
async function everything(): Promise<readonly Printed[]> {
  const seen: Printed[] = [];
  const note = async (command: string, ...args: string[]) => {
    for (const one of await printed(command, ...args)) seen.push([command, one]);
  };
  await place.write('muster.yml', { scrape_configs: [api()], kube_state_metrics: [output] });
  await note('check', '--offline');
  fleet.replace(smallWorld(12));
  await note('run');
  fleet.replace(smallWorld(14, { tags: ['canary'] }));
  await note('run');
  await note('targets', '--job', 'api');
  fleet.replace(smallWorld(13, { tags: ['canary'] }));
  await note('run');
  await note('explain', '10.0.0.14:8000');
  await note('explain', '10.0.0.2:8000', '--live');
  await note('explain', '10.0.0.99:8000', '--live');
  await note('explain', 'servce=web-1');
  fleet.replace(smallWorld(4));
  await note('run');
  await note('held');
  await note('explain', '10.0.0.13:8000');
  await note('reject', 'api', '--reason', 'a rack');
  await note('run');
  await note('status');
  await note('rollback', 'api', '--to', '1', '--pin', '2h', '--reason', 'why', '--max-removed', '9');
  await note('run');
  await note('explain', '10.0.0.13:8000');
  await note('explain', '10.0.0.12:8000');
  await note('status');
  await note('held');
  await note('unpin', 'api');
  await note('pin', 'api');
  await note('unpin', 'api');
  await note('history', 'api');
  await note('history', 'api', '--show', '2');
  await note('history', '--target', '10.0.0.13:8000');
  await note('show', 'api', '--version', '1');
  await note('diff', 'api', '1', '2');
  await place.write('muster.yml', {
    scrape_configs: [
      { ...api(['web-0']), job_name: 'new' },
      { job_name: 'moved', consul_sd_configs: [{ server: fleet.url }] },
      { job_name: 'down', consul_sd_configs: [{ server: nowhere }] },
    ],
    kube_state_metrics: [{ ...output, name: 'other' }],
  });
  await note('plan');
  await note('cost');
  return seen;
}

/** The keys of an object, as the document has them. */
interface Shape {
  readonly names: readonly string[];
  /** The commands or, of what is within, the kinds that it belongs to; none: all. */
  readonly places: readonly string[];
  readonly always: readonly string[];
  readonly sometimes: readonly string[];
}

async function readShapes() {
  const text = await readFile(join(import.meta.dirname, '../../docs/json-output.md'), 'utf8');
  const [, elements = '', within = ''] = text.split(/^## .*$/m);
  const words = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const rows = (section: string) =>
    section
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').slice(1, -1));
  return {
    elements: rows(elements).map(
      ([commands, kinds, always, sometimes]): Shape => ({
        ...{ names: words(kinds), places: words(commands) },
        ...{ always: ['kind', ...words(always)], sometimes: words(sometimes) },
      }),
    ),
    within: rows(within).map(([keys = '', always, sometimes]): Shape => {
      const [names, places] = keys.split(' of ');
      return {
        ...{ names: words(names), places: words(places) },
        ...{ always: words(always), sometimes: words(sometimes) },
      };
    }),
  };
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

test('every element, and what is within it, has the documented keys and no others', async () => {
  const { elements, within } = await readShapes();
  const known = new Set<string>();
  const wrong = new Set<string>();
  const compare = (place: string, value: Readonly<Record<string, unknown>>, shape: Shape | undefined) => {
    const all = [...(shape?.always ?? []), ...(shape?.sometimes ?? [])];
    for (const key of Object.keys(value))
      if (!all.includes(key)) wrong.add(`${place}: ${key} is not documented`);
    for (const key of shape?.always ?? []) if (!(key in value)) wrong.add(`${place}: ${key} is missing`);
    if (shape !== undefined) known.add(place);
  };
  const walk = (kind: string, value: Readonly<Record<string, unknown>>) => {
    for (const [key, one] of Object.entries(value)) {
      const fits = within.filter(
        ({ names, places }) => names.includes(key) && (places.length === 0 || places.includes(kind)),
      );
      const shape = fits.find(({ places }) => places.length > 0) ?? fits[0];
      if (shape === undefined) continue;
      for (const inner of (Array.isArray(one) ? one : [one]).filter(isPlain)) {
        compare(`${key} of ${kind}`, inner, shape);
        walk(kind, inner);
      }
    }
  };
  for (const [command, element] of await everything()) {
    const kind = String(element.kind);
    const shape = elements.find(({ names, places }) => names.includes(kind) && places.includes(command));
    compare(`${command} ${kind}`, element, shape);
    walk(kind, element);
  }
  expect([...wrong]).toEqual([]);
  // What the document promises was seen, but for what needs a deployment or a rule that makes a bad address.
  const promised = elements.flatMap(({ names, places }) =>
    places.flatMap((command) => names.map((kind) => `${command} ${kind}`)),
  );
  expect(promised.filter((one) => !known.has(one))).toEqual(['deploy-check finding']);
});
