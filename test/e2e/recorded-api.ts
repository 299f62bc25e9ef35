import { createServer } from 'node:http';
import { readGolden, readGoldenText } from '../support/golden.ts';

/** A list as it was recorded, in JSON. */
export function recordedItems<Item>(resource: string): readonly Item[] {
  const { items }: { items: readonly Item[] } = JSON.parse(
    readGoldenText(`kube-state/lists/${resource}.json`),
  );
  return items;
}

/** An API server that answers with what was recorded of a real one, in protobuf, and knows nothing else. */
export async function startRecordedApi(): Promise<{ readonly url: string } & AsyncDisposable> {
  const recorded: readonly { resource: string; path: string; accept: string; file: string }[] = JSON.parse(
    readGoldenText('kube-state/index.json'),
  );
  const server = createServer((request, response) => {
    const { pathname } = new URL(`http://server${request.url}`);
    const found = recorded.find(({ path, accept }) => path === pathname && accept.endsWith('protobuf'));
    if (found === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-type': found.accept })
        .end(readGolden(`kube-state/${found.file.replace(/\.gz$/, '')}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
