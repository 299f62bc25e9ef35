import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import * as z from 'zod';
import { MusterError, oneLine } from '../../../errors.ts';
import { codeOf } from '../../../http/failure.ts';
import { listField, textField } from '../../../http/go-json.ts';
import { abortError } from '../../../http/signals.ts';
import type { Authorized } from './authorizer.ts';
import { renewed } from './renewed.ts';
import { parseSecretJson } from './secret-json.ts';

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
 * at a deadline and does not tell plugins what client-go tells them, hence this one. Throws `config` with the place and
 * what the plugin said on stderr, but never what it printed.
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

/** Largest answer of a plugin, in bytes. */
const maxBuffer = 1024 * 1024;

function run(config: ExecConfig, cluster: Cluster, place: string, signal: AbortSignal): Promise<string> {
  const { command, args } = config;
  const path = command.includes('/') ? resolve(dirname(place), command) : command;
  const options = { signal, maxBuffer, env: environment(config, cluster) };
  return new Promise((done, fail) => {
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else if (signal.aborted) fail(abortError(signal, `while the exec plugin of ${place} ran`));
      else fail(new MusterError('config', `${place}: the exec plugin ${command} ${reasonOf(error, stderr)}`));
    });
    // Nobody is there to answer its questions.
    child.stdin?.end();
  });
}

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

function reasonOf(error: unknown, stderr: string): string {
  if (codeOf(error) === 'ENOENT') return 'is not there';
  if (codeOf(error) === 'EACCES') return 'may not be run';
  const said = oneLine(stderr).slice(0, 300);
  return `failed: ${said === '' ? 'it does not say why' : said}`;
}

function readCredential(
  printed: string,
  place: string,
): { readonly authorized: Authorized; readonly due: number } {
  const result = execCredential.safeParse(parseSecretJson(printed));
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
