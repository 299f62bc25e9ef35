import { afterEach, describe, expect, test } from '@jest/globals';
import { openInCluster, ownNamespace } from '../../../../lib/backends/kubernetes/connection/open.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { failure } from '../../../support/http-client.ts';
import { startApiServer } from '../api-server.ts';
import { ask, testFolder, testInput } from './connect.ts';

const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;

afterEach(() => setService(host, port));

function setService(host: string | undefined, port: string | undefined): void {
  delete process.env.KUBERNETES_SERVICE_HOST;
  delete process.env.KUBERNETES_SERVICE_PORT;
  if (host !== undefined) process.env.KUBERNETES_SERVICE_HOST = host;
  if (port !== undefined) process.env.KUBERNETES_SERVICE_PORT = port;
}

describe('in a cluster', () => {
  test("asks as the pod's service account, of the authority in its folder", async () => {
    const authority = createAuthority();
    await using folder = await testFolder();
    await using server = await startApiServer(() => ({ body: 'yes' }), {
      tls: authority.issue({ names: ['127.0.0.1'] }),
    });
    await folder.write('token', 'sekrit\n');
    await folder.write('ca.crt', authority.cert);
    setService('127.0.0.1', new URL(server.url).port);
    await using test = testInput();
    expect(await ask(await openInCluster(test.input, folder.path))).toBe('yes');
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer sekrit']);
  });

  test('puts brackets around an IPv6 address, and never leaves TLS out', async () => {
    await using folder = await testFolder();
    await folder.write('token', 'sekrit');
    await folder.write('ca.crt', createAuthority().cert);
    setService('fd00::1', '8080');
    await using test = testInput();
    expect((await openInCluster(test.input, folder.path)).server.href).toBe('https://[fd00::1]:8080/');
  });

  test('knows its own namespace', async () => {
    await using folder = await testFolder();
    await folder.write('namespace', 'monitoring');
    expect(await ownNamespace(new AbortController().signal, folder.path)).toBe('monitoring');
  });

  test('says which file is empty', async () => {
    await using folder = await testFolder();
    const token = await folder.write('token', '\n');
    setService('10.0.0.1', '443');
    await using test = testInput();
    expect(await failure(openInCluster(test.input, folder.path))).toEqual({
      kind: 'config',
      message: `${token} is empty`,
    });
  });
});

test('outside of a cluster says what to configure', async () => {
  setService(undefined, undefined);
  await using test = testInput();
  expect(await failure(openInCluster(test.input))).toEqual({
    kind: 'config',
    message:
      'this process does not run in a Kubernetes cluster (KUBERNETES_SERVICE_HOST and _PORT are not set): configure api_server, kubeconfig_file or muster.eks',
  });
});
