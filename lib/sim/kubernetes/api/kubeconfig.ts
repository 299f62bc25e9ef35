/** A kubeconfig in JSON, which is YAML too: one cluster, one user with the token, one context. */
export function kubeconfigFor(
  server: string,
  token: string | undefined,
  authority: string | undefined,
): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'simulated',
        cluster: {
          server,
          ...(authority !== undefined && {
            'certificate-authority-data': Buffer.from(authority).toString('base64'),
          }),
        },
      },
    ],
    users: [{ name: 'muster', user: token === undefined ? {} : { token } }],
    contexts: [{ name: 'simulated', context: { cluster: 'simulated', user: 'muster' } }],
    'current-context': 'simulated',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
