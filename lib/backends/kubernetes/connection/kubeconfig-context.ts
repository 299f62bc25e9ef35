import { dirname, resolve } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import type { Credential } from '../../../config/secret.ts';
import { MusterError } from '../../../errors.ts';
import { listField, structField, textField } from '../../../http/go-json.ts';
import { inlineCredential } from './default-http.ts';

/** A context of a kubeconfig. */
export interface KubeconfigContext {
  /** Whether it is the current one, which alone counts for an SD config. */
  readonly isCurrent: boolean;
  readonly cluster: Cluster;
  /** Absent where the context names none. */
  readonly user: User | undefined;
  /** Headers that make requests on behalf of someone else. */
  readonly impersonation: Readonly<Record<string, readonly Credential[]>>;
}

/**
 * Reads a context of a kubeconfig: the current one unless another is named. Throws `config` with the path and the place in
 * it, never its content.
 */
export async function loadContext(text: string, path: string, named?: string): Promise<KubeconfigContext> {
  const own = ownKeys(text, path);
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const kubeconfig = new KubeConfig();
  try {
    kubeconfig.loadFromString(text);
  } catch (error) {
    // Other errors than these quote the file.
    const missing = error instanceof Error && /^\w+\[\d+\][\w.]* is missing$/.test(error.message);
    throw new MusterError('config', `${path}: ${missing ? error.message : 'is not a kubeconfig'}`);
  }
  const current = kubeconfig.getCurrentContext();
  const context = kubeconfig.getContextObject(named ?? current);
  if (context === null)
    throw new MusterError(
      'config',
      named === undefined
        ? `${path}: its current-context names no context that it has`
        : `${path}: it has no context ${JSON.stringify(named)}`,
    );
  const isCurrent = context.name === current;
  const cluster = kubeconfig.getCluster(context.cluster);
  if (cluster === null)
    throw new MusterError(
      'config',
      `${path}: context ${JSON.stringify(context.name)} names an unknown cluster`,
    );
  const user = context.user === undefined ? null : kubeconfig.getUser(context.user);
  if (user === null && context.user !== undefined)
    throw new MusterError('config', `${path}: context ${JSON.stringify(context.name)} names an unknown user`);
  if (user === null) return { isCurrent, cluster, user: undefined, impersonation: {} };
  const more = own.users.find(({ name }) => name === user.name)?.user ?? userKeys.parse({});
  return {
    isCurrent,
    cluster,
    user: withTokenFile(user, more.tokenFile, dirname(path)),
    impersonation: impersonation(user, more),
  };
}

/** Keys that the client library leaves out. Source: k8s.io/client-go, clientcmd api.AuthInfo. */
const userKeys = structField({
  tokenFile: textField,
  'as-uid': textField,
  'as-groups': listField(textField),
});

const kubeconfigKeys = z.object({
  users: listField(z.object({ name: z.string(), user: userKeys })),
});

function ownKeys(text: string, path: string): z.output<typeof kubeconfigKeys> {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined)
    throw new MusterError('config', `${path}:${error.linePos?.[0].line ?? 1}: is not YAML`);
  const result = kubeconfigKeys.safeParse(toPlain(() => document.toJS()));
  if (result.success) return result.data;
  const place = result.error.issues[0]?.path.join('.') ?? '';
  throw new MusterError('config', `${path}: is not a kubeconfig${place === '' ? '' : ` (at ${place})`}`);
}

/** `undefined` for a document of more aliases than any honest file has. */
function toPlain(convert: () => unknown): unknown {
  try {
    return convert();
  } catch {
    return undefined;
  }
}

/** A token from a file, read anew while it is in use, beats one in the kubeconfig. */
function withTokenFile(user: User, file: string | undefined, folder: string): User {
  if (!file) return user;
  const { token: _fromKubeconfig, ...others } = user;
  return {
    ...others,
    authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, file) } },
  };
}

function impersonation(
  { impersonateUser }: User,
  { 'as-uid': uid, 'as-groups': groups }: z.output<typeof userKeys>,
): KubeconfigContext['impersonation'] {
  if (!impersonateUser) return {};
  return {
    'Impersonate-User': [inlineCredential(impersonateUser)],
    ...(uid && { 'Impersonate-Uid': [inlineCredential(uid)] }),
    ...(groups.length > 0 && { 'Impersonate-Group': groups.map(inlineCredential) }),
  };
}
