import { type FleetServer, startFleetServer } from '../../../lib/sim/server.ts';

/** A value of an answer. In XML an object's keys are elements, a list's items elements of the name that its key has after a blank. */
export type Value =
  | string
  | number
  | boolean
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

/** A call of an API: its action and what was asked. */
export interface ApiCall {
  readonly action: string;
  readonly input: string;
}

/** What an API answers, or its error. */
export type Answer = { readonly body: Value } | { readonly error: string; readonly status?: number };

export interface AwsApi extends AsyncDisposable {
  readonly server: FleetServer;
  /** Actions in their order. */
  readonly calls: () => readonly string[];
}

/** The APIs of AWS on one address, which answer what a test has recorded: by action, in the language of the service. */
export async function startAwsApi(answer: (call: ApiCall) => Answer): Promise<AwsApi> {
  const actions: string[] = [];
  const server = await startFleetServer(({ headers, body, method, path, query }) => {
    const target = headers['x-amz-target']?.split('.').at(-1);
    const inQuery = new URLSearchParams(body).get('Action');
    const action = target ?? inQuery ?? `${method} ${decodeURIComponent(path)}`;
    actions.push(action);
    const input = inQuery === null ? body || query.toString() : decodeURIComponent(body.replaceAll('+', ' '));
    const given = answer({ action, input });
    const isXml = inQuery !== null;
    const type = { 'content-type': isXml ? 'text/xml' : 'application/x-amz-json-1.1' };
    if ('error' in given) {
      const text = isXml
        ? `<Response><Errors><Error><Code>${given.error}</Code><Message>no</Message></Error></Errors></Response>`
        : JSON.stringify({ __type: given.error, message: 'no' });
      return { status: given.status ?? 400, headers: type, body: text };
    }
    if (!isXml) return { headers: type, body: JSON.stringify(given.body) };
    const inner = toXml(given.body);
    // EC2 has no element around the result, the other services have.
    const content = body.includes('Version=2016-11-15')
      ? inner
      : `<${action}Result>${inner}</${action}Result>`;
    return { headers: type, body: `<${action}Response>${content}</${action}Response>` };
  });
  return { server, calls: () => actions, [Symbol.asyncDispose]: () => server.stop() };
}

function toXml(value: Value): string {
  if (typeof value !== 'object') return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  if (isList(value)) return '';
  return Object.entries(value)
    .map(([key, part]) => {
      const [name = '', item = 'member'] = key.split(' ');
      if (part === undefined) return '';
      if (typeof part !== 'object' || !isList(part)) return `<${name}>${toXml(part)}</${name}>`;
      return `<${name}>${part.map((one) => `<${item}>${toXml(one)}</${item}>`).join('')}</${name}>`;
    })
    .join('');
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Keys of a stanza that asks there. */
export function stanzaFor({ server }: AwsApi, more: object = {}): object {
  return { region: 'eu-west-1', endpoint: server.url, access_key: 'AKIA', secret_key: 'secret', ...more };
}
