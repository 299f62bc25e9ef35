import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import { mechanisms } from '../../lib/backends/registry.ts';
import {
  type FileSchema,
  leftToPrometheus,
  partOf,
  partsBelow,
  readFileSchema,
} from '../../lib/cli/file-schema.ts';
import { plainValue } from '../../lib/config/fields.ts';
import { parseConfig } from '../../lib/config/load.ts';
import type { JsonSchema } from '../../lib/config/shape.ts';
import { readYaml } from '../../lib/config/yaml-document.ts';
import { kubeStateConfig } from '../../lib/kube-state/options.ts';
import { shapes } from '../config/shapes.ts';
import { runHere } from '../support/io.ts';

let file: FileSchema;
let isValid: ValidateFunction;
const keys = new Map<string, JsonSchema>();
const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true, code: { optimize: false } });

beforeAll(async () => {
  file = await readFileSchema();
  eachKey(file.json, (path, part) => keys.set(path, part));
  isValid = ajv.compile(JSON.parse((await runHere(['schema'])).stdout));
});

/** Calls back for each key that the schema knows, from above; those that are left to Prometheus are none of them. */
function eachKey(json: JsonSchema, visit: (path: string, part: JsonSchema) => void, at = ''): void {
  for (const [key, value] of Object.entries(json.properties ?? {})) {
    const part = partOf(value);
    if (part.description === leftToPrometheus) continue;
    const path = `${at}${key}`;
    visit(path, part);
    for (const [suffix, below] of partsBelow(part)) eachKey(below, visit, `${path}${suffix}.`);
  }
}

/** Whether it says something of a value and demands nothing; a key of a section may have the same name. */
function isAnnotation(key: string, value: unknown): boolean {
  return key === 'examples'
    ? Array.isArray(value)
    : ['title', 'description', 'default'].includes(key) && typeof value !== 'object';
}

/** Where an editor would complain. */
function complaints(text: string): readonly string[] {
  isValid(plainValue(readYaml(text).value));
  return (isValid.errors ?? []).map(
    ({ instancePath, keyword, params }) =>
      `${instancePath} ${keyword}${keyword === 'additionalProperties' ? ` ${params.additionalProperty}` : ''}`,
  );
}

describe('the JSON schema, by another validator', () => {
  test.each(shapes)('takes a prometheus.yml: $name', ({ text }) => {
    expect(complaints(text)).toEqual([]);
  });

  const job = (lines: string) => `scrape_configs:\n- job_name: a\n  ${lines}\n`;
  test.each([
    ['a misspelt key of the file', 'scrape_config: []\n', ' additionalProperties scrape_config'],
    [
      'a misspelt key of a job',
      job('relable_configs: []'),
      '/scrape_configs/0 additionalProperties relable_configs',
    ],
    ['a job without a name', 'scrape_configs: [{ dns_sd_configs: [] }]', '/scrape_configs/0 required'],
    [
      'a misspelt key of an SD config',
      job('consul_sd_configs: [{ sever: x }]'),
      '/scrape_configs/0/consul_sd_configs/0 additionalProperties sever',
    ],
    [
      'a misspelt key of the HTTP client',
      job('http_sd_configs: [{ url: http://x, tls_config: { cafile: x } }]'),
      '/scrape_configs/0/http_sd_configs/0/tls_config additionalProperties cafile',
    ],
    [
      'a mapping for a list',
      job('consul_sd_configs: { server: x }'),
      '/scrape_configs/0/consul_sd_configs type',
    ],
    [
      'a list for a text',
      job('consul_sd_configs: [{ server: [x] }]'),
      '/scrape_configs/0/consul_sd_configs/0/server type',
    ],
    [
      'a duration without a unit',
      job('dns_sd_configs: [{ names: [a], refresh_interval: 30 }]'),
      '/scrape_configs/0/dns_sd_configs/0/refresh_interval maximum',
    ],
    [
      'a unit that is none',
      job('dns_sd_configs: [{ names: [a], refresh_interval: 30sec }]'),
      '/scrape_configs/0/dns_sd_configs/0/refresh_interval pattern',
    ],
    [
      'a port out of bounds',
      job('dns_sd_configs: [{ names: [a], type: A, port: 70000 }]'),
      '/scrape_configs/0/dns_sd_configs/0/port maximum',
    ],
    [
      'a role that is none',
      job('kubernetes_sd_configs: [{ role: pods }]'),
      '/scrape_configs/0/kubernetes_sd_configs/0/role enum',
    ],
    ['a share above 1', 'defaults: { guard: { max_removed: 50 } }', '/defaults/guard/max_removed maximum'],
    ['a wrong setting of a job', job('muster: { labels: some }'), '/scrape_configs/0/muster/labels enum'],
    [
      'an output without a name',
      'kube_state_metrics: [{ resources: pods }]',
      '/kube_state_metrics/0 required',
    ],
    ['a bare list with a misspelt key', '- { job_nam: a, job_name: a }', '/0 additionalProperties job_nam'],
  ])('refuses %s', (_, text, complaint) => {
    expect(complaints(text)).toEqual([complaint]);
  });

  test('takes what Muster takes in more than one spelling', () => {
    const text = `
store: { url: s3://bucket/muster, force_path_style: yes }
defaults: { guard: { confirm_empty_after: never }, shards: "4", deadline: }
scrape_configs:
- job_name: 1234
  relabel_configs: [{ action: KEEP, source_labels: [a], replacement: }]
  dns_sd_configs: [{ names: [a.example], type: aaaa, port: '9100', refresh_interval: 0 }]
  kubernetes_sd_configs: [{ role: pod, api_server: '' }]
kube_state_metrics:
- { name: prod, resources: 'pods,nodes', metric_labels_allowlist: { pods: [app] } }
`;
    expect(complaints(text)).toEqual([]);
  });
});

describe('the texts of the keys', () => {
  test('each key has one, and each text is of a key', () => {
    const used = new Set<string>();
    for (const { at, texts } of file.chapters)
      for (const name of Object.keys(texts))
        if (keys.has(`${at}${name}`) || keys.has(`${at}oauth2.${name}`)) used.add(`${at}${name}`);
    const all = file.chapters.flatMap(({ at, texts }) => Object.keys(texts).map((name) => `${at}${name}`));
    // Those of the HTTP client stand at each backend, of which some speak no HTTP.
    const http = file.chapters.flatMap(({ texts }) => ('basic_auth' in texts ? Object.keys(texts) : []));
    const stale = all.filter((path) => !used.has(path) && !http.some((name) => path.endsWith(`.${name}`)));
    expect({ without: [...keys.keys()].filter((path) => file.textOf(path) === undefined), stale }).toEqual({
      without: [],
      stale: [],
    });
  });

  test('each example is a value that the key may have', () => {
    // Compiling takes long. Keys of the HTTP client stand at each backend, and many others differ by their texts only.
    const compiled = new Map<string, ValidateFunction>();
    const wrong = Array.from(keys, ([path, part]) => {
      const text = JSON.stringify(part, (key, value) => (isAnnotation(key, value) ? undefined : value));
      const check = compiled.get(text) ?? ajv.compile(part);
      compiled.set(text, check);
      const [, example] = file.textOf(path) ?? [];
      return check(example) ? undefined : `${path}: ${ajv.errorsText(check.errors)}`;
    });
    expect(wrong.filter((line) => line !== undefined)).toEqual([]);
  });

  test('docs/configuration.md is what the code says: npm run docs', async () => {
    const { stdout } = await runHere(['schema', '--format', 'markdown']);
    expect(await readFile('docs/configuration.md', 'utf8')).toBe(stdout);
  });
});

describe('the defaults', () => {
  /** The values that the schema says of a section, below what it requires. */
  function spelledOut({ properties = {}, required = [] }: JsonSchema, full: boolean): object {
    const entries = Object.entries(properties).flatMap(([key, part]): (readonly [string, unknown])[] => {
      if (typeof part !== 'object') return [];
      if (required.includes(key)) return [[key, part.examples?.[0]]];
      if (!full) return [];
      // A username and the like may not stand beside the others, not even as an empty text.
      if (part.default !== undefined) return [[key, part.default]];
      const isSection = part.properties !== undefined && (part.required ?? []).length === 0;
      const inner = isSection ? spelledOut(part, true) : {};
      return Object.keys(inner).length > 0 && key !== 'authorization' ? [[key, inner]] : [];
    });
    return Object.fromEntries(entries);
  }

  const needed: Readonly<Record<string, object>> = {
    dns: { names: ['a.example'] },
    nerve: { servers: ['zk'], paths: ['/a'] },
    serverset: { servers: ['zk'], paths: ['/a'] },
  };

  test.each(mechanisms)(
    'of $name are those of an SD config that says nothing',
    async ({ name, configKey, load }) => {
      const mechanism = await load();
      const part = keys.get(`scrape_configs[].${configKey}`)?.items;
      const config = typeof part === 'object' && !Array.isArray(part) ? part : {};
      const read = (full: boolean) => {
        const stanza = { ...spelledOut(config, full), ...needed[name] };
        const text = JSON.stringify({ scrape_configs: [{ job_name: 'a', [configKey]: [stanza] }] });
        const options = { origin: 'x', directory: '.', mechanisms: [mechanism] };
        return parseConfig(text, options).jobs[0]?.providers[0]?.stanza;
      };
      const [full, bare] = [read(true), read(false)];
      expect([full?.config, full?.identity]).toEqual([bare?.config, bare?.identity]);
    },
  );

  test('of the file and of an output are those of a file that says nothing', () => {
    const read = (value: object) => {
      const options = { origin: 'x', directory: '.', mechanisms: [], kubeState: kubeStateConfig };
      return parseConfig(JSON.stringify(value), options);
    };
    const output = keys.get('kube_state_metrics')?.items;
    const { scrape_configs, kube_state_metrics, defaults, ...others } = file.json.properties ?? {};
    const of = (part: unknown, full: boolean) =>
      spelledOut(typeof part === 'object' && part !== null ? { ...part } : {}, full);
    const outputs = (full: boolean) => [of(output, full)];
    const full = read({
      ...spelledOut({ properties: others }, true),
      defaults: of(defaults, true),
      kube_state_metrics: outputs(true),
    });
    // What one listing may take stands elsewhere than in the configuration.
    expect(full).toEqual({
      ...read({ kube_state_metrics: outputs(false) }),
      defaults: { ...read({}).defaults, deadline: 60_000 },
    });
  });
});
