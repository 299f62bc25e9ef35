import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openKubeconfig } from '../../../../lib/backends/kubernetes/connection/kubeconfig.ts';
import { createLogger } from '../../../../lib/base/logger.ts';
import { cycleOnce } from '../../../../lib/run/provider-cycle.ts';
import { createMemoryStore } from '../../../../lib/store/memory.ts';
import { statusKey } from '../../../../lib/targets/keys.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { failure } from '../../../support/http-client.ts';
import { polled } from '../../../support/poll.ts';
import { providerOf } from '../../../support/provider.ts';
import { startApiServer } from '../api-server.ts';
import { ask, kubeconfig, testFolder, testInput } from './connect.ts';

const authority = createAuthority('cluster');
const tls = authority.issue({ names: ['127.0.0.1'] });
const base64 = (text: string) => Buffer.from(text).toString('base64');
const yes = () => ({ body: 'yes' });

/** A plugin that prints a credential with this status and counts its runs in a file. */
function plugin(runs: string, status: string): string {
  return `#!/bin/sh\necho "$GREETING $KUBERNETES_EXEC_INFO" >> ${runs}\ncat <<'END'\n{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":${status}}\nEND\n`;
}

/** Whether a process is there and not only a name that nobody has asked after yet. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

describe('an exec plugin', () => {
  test('gives a token, knows the cluster, and is run again once that token is over', async () => {
    await using folder = await testFolder();
    await using server = await startApiServer(yes);
    const runs = join(folder.path, 'runs');
    const over = '{"token":"minted","expirationTimestamp":"2026-01-01T00:00:00Z"}';
    await folder.write('plugin.sh', plugin(runs, over), 0o700);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin.sh',
      provideClusterInfo: true,
      env: [{ name: 'GREETING', value: 'hello' }],
    };
    const file = await folder.write('config', kubeconfig({ server: server.url }, { exec }));
    await using test = testInput();
    const connection = await openKubeconfig(file, test.input);
    await ask(connection);
    await ask(connection);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer minted',
      'Bearer minted',
    ]);
    const info = {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: { interactive: false, cluster: { server: server.url } },
    };
    expect(await readFile(runs, 'utf8')).toBe(`hello ${JSON.stringify(info)}\n`.repeat(3));
  });

  test('is run once while its token is good', async () => {
    await using folder = await testFolder();
    await using server = await startApiServer(yes);
    const runs = join(folder.path, 'runs');
    await folder.write('plugin.sh', plugin(runs, '{"token":"minted"}'), 0o700);
    const file = await folder.write(
      'config',
      kubeconfig({ server: server.url }, { exec: { command: './plugin.sh' } }),
    );
    await using test = testInput();
    const connection = await openKubeconfig(file, test.input);
    await ask(connection);
    await ask(connection);
    expect((await readFile(runs, 'utf8')).split('\n').length - 1).toBe(1);
  });

  test('gives a client certificate', async () => {
    const users = createAuthority('users');
    const { cert, key } = users.issue({ names: ['ann'] });
    await using folder = await testFolder();
    await using server = await startApiServer(yes, {
      tls: { ...tls, ca: users.cert, requestCert: true, rejectUnauthorized: true },
    });
    const status = JSON.stringify({ clientCertificateData: cert, clientKeyData: key });
    await folder.write('plugin.sh', plugin('/dev/null', status), 0o700);
    const file = await folder.write(
      'config',
      kubeconfig(
        { server: server.url, 'certificate-authority-data': base64(authority.cert) },
        { exec: { command: './plugin.sh' } },
      ),
    );
    await using test = testInput();
    expect(await ask(await openKubeconfig(file, test.input))).toBe('yes');
  });

  test.each([
    [
      'fails',
      'echo "log in first" >&2; exit 1',
      'the exec plugin ./plugin.sh failed with exit code 1: log in first',
    ],
    ['fails in silence', 'exit 1', 'the exec plugin ./plugin.sh failed with exit code 1: it gives no reason'],
    [
      'asks a question',
      'read answer || exit 1',
      'the exec plugin ./plugin.sh failed with exit code 1: it gives no reason',
    ],
    [
      'says a secret',
      'echo "error: cannot renew token eyJhbGciOi.canary for ann" >&2; exit 7',
      'the exec plugin ./plugin.sh failed with exit code 7: error: cannot renew token',
    ],
    [
      'says a password',
      'echo "wrong password hunter" >&2; exit 1',
      'the exec plugin ./plugin.sh failed with exit code 1: wrong password',
    ],
    ['is killed', 'kill -9 $$', 'the exec plugin ./plugin.sh was ended by a signal: it gives no reason'],
    ['prints its token alone', 'echo sekrit', 'the exec plugin did not print an ExecCredential'],
    ['prints something else', 'echo {}', 'the exec plugin did not print an ExecCredential'],
  ])('that %s is told of in one line, without what it printed', async (_what, script, words) => {
    await using folder = await testFolder();
    await folder.write('plugin.sh', `#!/bin/sh\n${script}\n`, 0o700);
    const file = await folder.write(
      'config',
      kubeconfig({ server: 'https://10.0.0.1' }, { exec: { command: './plugin.sh' } }),
    );
    await using test = testInput();
    expect(await failure(openKubeconfig(file, test.input))).toEqual({
      kind: 'config',
      message: `${file}: ${words}`,
    });
    expect(test.opened).toEqual([]);
  });

  test('that is not there is named', async () => {
    await using folder = await testFolder();
    const file = await folder.write(
      'config',
      kubeconfig({ server: 'https://10.0.0.1' }, { exec: { command: 'no-such-plugin' } }),
    );
    await using test = testInput();
    expect(await failure(openKubeconfig(file, test.input))).toEqual({
      kind: 'config',
      message: `${file}: the exec plugin no-such-plugin does not exist`,
    });
  });

  test('says all on stderr to the log at debug, and to nobody else', async () => {
    await using folder = await testFolder();
    await folder.write('plugin.sh', '#!/bin/sh\necho "bad token canary-1" >&2; exit 1\n', 0o700);
    const file = await folder.write(
      'config',
      kubeconfig({ server: 'https://10.0.0.1' }, { exec: { command: './plugin.sh' } }),
    );
    const store = createMemoryStore();
    const lines: string[] = [];
    const log = createLogger({ level: 'debug', write: (line) => lines.push(line) });
    await using test = testInput();
    const provider = providerOf(async () => {
      await openKubeconfig(file, test.input);
      return [];
    });
    const { error } = await cycleOnce(
      { ...provider, mechanism: 'kubernetes', hasOwnName: false, refreshInterval: 1 },
      { store, log, signal: test.input.signal },
    );
    const stored = await store.get(statusKey(provider));
    const status = stored === undefined ? '' : Buffer.from(stored.body).toString();
    expect({
      message: error?.message.includes('canary'),
      status: [status.includes('bad token'), status.includes('canary')],
      log: lines.filter((line) => line.includes('canary')).map((line) => /level=(\w+)/.exec(line)?.[1]),
    }).toEqual({ message: false, status: [true, false], log: ['debug'] });
  });

  test('that is a script and hangs leaves nothing that it started', async () => {
    await using folder = await testFolder();
    const pid = join(folder.path, 'pid');
    await folder.write('plugin.sh', `#!/bin/sh\nsleep 60 &\necho $! > ${pid}\nwait\n`, 0o700);
    const file = await folder.write(
      'config',
      kubeconfig({ server: 'https://10.0.0.1' }, { exec: { command: './plugin.sh' } }),
    );
    await using test = testInput();
    const stop = new AbortController();
    const opening = failure(openKubeconfig(file, { ...test.input, signal: stop.signal }));
    const started = async () => (await readFile(pid, 'utf8').catch(() => '')).endsWith('\n');
    expect(await polled(started, true)).toBe(true);
    stop.abort();
    expect((await opening).kind).toBe('timeout');
    const child = Number(await readFile(pid, 'utf8'));
    expect(await polled(() => isRunning(child), false)).toBe(false);
  });

  test('that hangs is ended when the deadline passes', async () => {
    await using folder = await testFolder();
    const begun = join(folder.path, 'begun');
    await folder.write('plugin.sh', `#!/bin/sh\ntouch ${begun}\nexec sleep 60\n`, 0o700);
    const file = await folder.write(
      'config',
      kubeconfig({ server: 'https://10.0.0.1' }, { exec: { command: './plugin.sh' } }),
    );
    await using test = testInput();
    const deadline = new AbortController();
    const opening = failure(openKubeconfig(file, { ...test.input, signal: deadline.signal }));
    expect(await polled(async () => existsSync(begun), true)).toBe(true);
    deadline.abort();
    expect(await opening).toEqual({
      kind: 'timeout',
      message: `the deadline passed while the exec plugin of ${file} ran`,
    });
  });
});
