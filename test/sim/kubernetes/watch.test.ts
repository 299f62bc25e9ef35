import { describe, expect, test } from '@jest/globals';
import { objectAt, parseJson, textAt } from '../../../lib/sim/kubernetes/wire/json.ts';
import { startRecordedCluster } from './recorded-cluster.ts';

const headers = { authorization: 'Bearer sekrit' };

describe('a watch', () => {
  test('begins with a bookmark and then is silent', async () => {
    await using fleet = await startRecordedCluster();
    const response = await fetch(
      `${fleet.url}/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=265`,
      { headers },
    );
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(JSON.parse(first)).toEqual({
      type: 'BOOKMARK',
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '265' } },
    });
    await reader?.cancel();
  });

  test('may begin with all there is, where the server knows that', async () => {
    const path =
      '/api/v1/nodes?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    await using fleet = await startRecordedCluster();
    const response = await fetch(fleet.url + path, { headers });
    const types = [];
    let text = '';
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.includes('initial-events-end')) break;
    }
    for (const line of text.trim().split('\n'))
      types.push(textAt(objectAt({ it: parseJson(line) }, 'it'), 'type'));
    expect(types).toEqual(['ADDED', 'ADDED', 'ADDED', 'ADDED', 'ADDED', 'BOOKMARK']);

    await using older = await startRecordedCluster({ watchList: false });
    const refused = await fetch(older.url + path, { headers });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ reason: 'Invalid' }),
    ]);
  });
});
