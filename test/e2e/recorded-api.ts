import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = join(import.meta.dirname, '../golden/kube-state');

/** A list as it was recorded, in JSON. */
export function recordedItems<Item>(resource: string): readonly Item[] {
  const { items }: { items: readonly Item[] } = JSON.parse(
    gunzipSync(readFileSync(join(folder, `lists/${resource}.json.gz`))).toString(),
  );
  return items;
}

/** An API server that answers with what was recorded of a real one, in protobuf, and knows nothing else. */
export async function startRecordedApi(): Promise<{ readonly url: string } & AsyncDisposable> {
  const recorded: readonly { resource: string; path: string; accept: string; file: string }[] = JSON.parse(
    readFileSync(join(folder, 'index.json'), 'utf8'),
  );
  const server = createServer((request, response) => {
    const { pathname } = new URL(`http://server${request.url}`);
    const found = recorded.find(({ path, accept }) => path === pathname && accept.endsWith('protobuf'));
    if (found === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-type': found.accept })
        .end(gunzipSync(readFileSync(join(folder, found.file))));
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
