import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import * as z from 'zod';
import { abortError, onAbort } from '../../../base/deadlines.ts';
import { codeOf, MusterError } from '../../../base/errors.ts';
import { tryParseJson } from '../../../base/json.ts';
import { listField, textField } from '../../../http/json.ts';
import { type Authorized, renewed } from './connection.ts';

/** The part `exec` of a kubeconfig's user. Source: k8s.io/client-go, clientcmd api.ExecConfig. */
const execConfig = z.object({
  apiVersion: textField.transform((version) => version || 'client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: listField(textField),
  env: listField(z.object({ name: textField, value: textField })),
  provideClusterInfo: z.boolean().nullish(),
});

type ExecConfig = z.output<typeof execConfig>;

/** What a plugin prints. Source: k8s.io/client-go, client.authentication.k8s.io ExecCredential. */
const execCredential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: textField,
    clientCertificateData: textField,
    clientKeyData: textField,
    expirationTimestamp: z.string().nullish(),
  }),
});

/**
 * Credentials from a plugin, which is run again when they have ended. The client library's own runner can't be stopped
 * at a deadline and does not tell plugins what client-go tells them, hence this one. Throws `config` with the place, the
 * exit code and the first plain words on stderr, but never what it printed; all of stderr is the error's detail.
 *
 * @param place the kubeconfig; a relative path of the plugin starts from its folder
 */
export function execPlugin(
  exec: unknown,
  cluster: Cluster,
  place: string,
): (signal: AbortSignal) => Promise<Authorized> {
  const parsed = execConfig.safeParse(exec);
  if (!parsed.success)
    throw new MusterError(
      'config',
      `${place}: the user's exec can not be read (at ${parsed.error.issues[0]?.path.join('.')})`,
    );
  const config = parsed.data;
  const credentials = renewed(
    async (signal) => readCredential(await run(config, cluster, place, signal), place),
    ({ due }) => due,
  );
  return async (signal) => (await credentials(signal)).authorized;
}

/** Largest answer of a plugin, in bytes; as much of stderr is kept. */
const maxBuffer = 1024 * 1024;

/** What a plugin came to. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  config: ExecConfig,
  cluster: Cluster,
  place: string,
  signal: AbortSignal,
): Promise<string> {
  const { command } = config;
  const what = `${place}: the exec plugin ${command}`;
  const { code, stdout, stderr } = await runToEnd(config, cluster, place, signal).catch((error: unknown) => {
    if (error instanceof MusterError) throw error;
    if (codeOf(error) === 'ENOENT') throw new MusterError('config', `${what} is not there`);
    if (codeOf(error) === 'EACCES') throw new MusterError('config', `${what} may not be run`);
    throw new MusterError('config', `${what} cannot be started (${codeOf(error) ?? 'no reason given'})`);
  });
  if (code === 0) return stdout;
  const how = code === null ? 'was ended by a signal' : `failed with exit code ${code}`;
  const words = safeWords(stderr);
  throw new MusterError('config', `${what} ${how}: ${words === '' ? 'it does not say why' : words}`, {
    ...(stderr !== '' && { detail: stderr.slice(0, 4000) }),
  });
}

/** In a process group of its own: a plugin is often a script, and what it started must end with it. */
function runToEnd(config: ExecConfig, cluster: Cluster, place: string, signal: AbortSignal): Promise<Ended> {
  const { command, args } = config;
  const path = command.includes('/') ? resolve(dirname(place), command) : command;
  return new Promise((done, fail) => {
    if (signal.aborted) return fail(abortError(signal, `before the exec plugin of ${place} ran`));
    const child = spawn(path, args ?? [], { env: environment(config, cluster), detached: true });
    const [stdout, stderr] = [child.stdout, child.stderr].map(textUpTo);
    const giveUp = (error: MusterError) => {
      endGroup(child);
      fail(error);
    };
    const unlisten = onAbort([signal], () =>
      giveUp(abortError(signal, `while the exec plugin of ${place} ran`)),
    );
    child.stdout.on('data', () => {
      if (stdout?.isFull())
        giveUp(
          new MusterError('config', `${place}: the exec plugin ${command} prints over ${maxBuffer} bytes`),
        );
    });
    child.once('error', (error) => {
      unlisten();
      fail(error);
    });
    child.once('close', (code) => {
      unlisten();
      done({ code, stdout: stdout?.text() ?? '', stderr: stderr?.text() ?? '' });
    });
    // Nobody is there to answer its questions; that it does not wait for this is no error.
    child.stdin.on('error', () => {});
    child.stdin.end();
  });
}

function textUpTo(stream: Readable) {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length <= maxBuffer) chunks.push(chunk);
    length += chunk.length;
  });
  return { isFull: () => length > maxBuffer, text: () => Buffer.concat(chunks).toString() };
}

/** Ends the plugin and whatever it started, and lets go of what they print. */
function endGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // There are no groups here, or nobody is left in it.
    child.kill('SIGKILL');
  }
  child.stdout.destroy();
  child.stderr.destroy();
}

/**
 * The beginning of what a plugin says, up to the first word that may be a secret or a name: statuses and pages are read
 * by others. All of it is in the log at debug.
 */
function safeWords(stderr: string): string {
  const [line = ''] = stderr.trim().split(/[\r\n]/, 1);
  const words = line.split(/\s+/).slice(0, 12);
  const end = words.findIndex((word) => !plainWord.test(word));
  const plain = end === -1 ? words : words.slice(0, end);
  const telling = plain.findIndex((word) => secretName.test(word));
  return (telling === -1 ? plain : plain.slice(0, telling + 1)).join(' ');
}

/** No digits, no capitals within, no signs: a word of a sentence. */
const plainWord = /^[A-Za-z][a-z']{0,15}[.,:;!?]?$/;
const secretName = /token|secret|passw|passphrase|credential|bearer|cookie|key/i;

function environment({ apiVersion, env, provideClusterInfo }: ExecConfig, cluster: Cluster) {
  const { server, tlsServerName, skipTLSVerify, caData, proxyUrl } = cluster;
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: {
      interactive: false,
      ...(provideClusterInfo && {
        cluster: {
          server,
          ...(tlsServerName && { 'tls-server-name': tlsServerName }),
          ...(skipTLSVerify && { 'insecure-skip-tls-verify': true }),
          ...(caData && { 'certificate-authority-data': caData }),
          ...(proxyUrl && { 'proxy-url': proxyUrl }),
        },
      }),
    },
  };
  const own = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  return { ...process.env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
}

function readCredential(
  printed: string,
  place: string,
): { readonly authorized: Authorized; readonly due: number } {
  const result = execCredential.safeParse(tryParseJson(printed));
  if (!result.success)
    throw new MusterError('config', `${place}: the exec plugin did not print an ExecCredential`);
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = result.data.status;
  const due = expirationTimestamp ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY;
  return {
    authorized: {
      headers: token ? { authorization: `Bearer ${token.trim()}` } : {},
      ...(cert && key && { certificate: { cert, key } }),
    },
    due: Number.isNaN(due) ? 0 : due,
  };
}
