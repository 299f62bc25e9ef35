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
 * Returns credentials from an exec plugin, which runs again when they expire. The client library's own runner cannot be
 * stopped at a deadline and does not pass what client-go passes to plugins. `file` is the kubeconfig; a relative path of
 * the plugin starts in its folder. Throws kind `config` with the exit code and the first plain words of stderr, never with
 * stdout. All of stderr is the detail of the error.
 */
export function execPlugin(
  exec: unknown,
  cluster: Cluster,
  file: string,
): (signal: AbortSignal) => Promise<Authorized> {
  const parsed = execConfig.safeParse(exec);
  if (!parsed.success)
    throw new MusterError(
      'config',
      `${file}: the user's exec cannot be read (at ${parsed.error.issues[0]?.path.join('.')})`,
    );
  const config = parsed.data;
  const credentials = renewed(
    async (signal) => readCredential(await run(config, cluster, file, signal), file),
    ({ due }) => due,
  );
  return async (signal) => (await credentials(signal)).authorized;
}

/** Maximum size of a plugin's output, in bytes; the same amount of stderr is kept. */
const maxBuffer = 1024 * 1024;

/** The result of a plugin. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(config: ExecConfig, cluster: Cluster, file: string, signal: AbortSignal): Promise<string> {
  const { command } = config;
  const what = `${file}: the exec plugin ${command}`;
  const { code, stdout, stderr } = await runToEnd(config, cluster, file, signal).catch((error: unknown) => {
    if (error instanceof MusterError) throw error;
    if (codeOf(error) === 'ENOENT') throw new MusterError('config', `${what} does not exist`);
    if (codeOf(error) === 'EACCES') throw new MusterError('config', `${what} is not executable`);
    throw new MusterError('config', `${what} cannot be started (${codeOf(error) ?? 'no reason given'})`);
  });
  if (code === 0) return stdout;
  const how = code === null ? 'was ended by a signal' : `failed with exit code ${code}`;
  const words = safeWords(stderr);
  throw new MusterError('config', `${what} ${how}: ${words === '' ? 'it gives no reason' : words}`, {
    ...(stderr !== '' && { detail: stderr.slice(0, 4000) }),
  });
}

/** Runs the plugin in a process group of its own: a plugin is often a script, and its children must end with it. */
function runToEnd(config: ExecConfig, cluster: Cluster, file: string, signal: AbortSignal): Promise<Ended> {
  const { command, args } = config;
  const path = command.includes('/') ? resolve(dirname(file), command) : command;
  return new Promise((done, fail) => {
    if (signal.aborted) return fail(abortError(signal, `before the exec plugin of ${file} ran`));
    const child = spawn(path, args ?? [], { env: environment(config, cluster), detached: true });
    const [stdout, stderr] = [child.stdout, child.stderr].map(textUpTo);
    const giveUp = (error: MusterError) => {
      endGroup(child);
      fail(error);
    };
    const unlisten = onAbort([signal], () =>
      giveUp(abortError(signal, `while the exec plugin of ${file} ran`)),
    );
    child.stdout.on('data', () => {
      if (stdout?.isFull())
        giveUp(
          new MusterError('config', `${file}: the exec plugin ${command} prints over ${maxBuffer} bytes`),
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
    // The plugin cannot ask questions. A plugin that has closed its stdin is not an error.
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

/** Kills the plugin and its children, and drops their output. */
function endGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The platform has no process groups, or the group is empty.
    child.kill('SIGKILL');
  }
  child.stdout.destroy();
  child.stderr.destroy();
}

/**
 * Returns the start of stderr, up to the first word that may be a secret or a name: others read statuses and pages. The
 * debug log has all of it.
 */
function safeWords(stderr: string): string {
  const [line = ''] = stderr.trim().split(/[\r\n]/, 1);
  const words = line.split(/\s+/).slice(0, 12);
  const end = words.findIndex((word) => !plainWord.test(word));
  const plain = end === -1 ? words : words.slice(0, end);
  const secret = plain.findIndex((word) => secretName.test(word));
  return (secret === -1 ? plain : plain.slice(0, secret + 1)).join(' ');
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
  file: string,
): { readonly authorized: Authorized; readonly due: number } {
  const result = execCredential.safeParse(tryParseJson(printed));
  if (!result.success)
    throw new MusterError('config', `${file}: the exec plugin did not print an ExecCredential`);
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
