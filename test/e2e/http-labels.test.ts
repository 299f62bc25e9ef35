import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { http } from '../../lib/backends/http/index.ts';
import { startFleetServer } from '../../lib/sim/server.ts';
import { type HttpFleet, startHttpFleet } from '../sim/http.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const json = 'application/json';

/** Answers that an endpoint may give: status, content type, body. */
const answers: readonly (readonly [name: string, status: number, type: string, body: string])[] = [
  ['groups', 200, json, '[{"targets":["a:1","[::1]:2","c"],"labels":{"env":"prod","empty":""}}]'],
  ['no labels', 200, json, '[{"targets":["a:1"]},{"targets":["b:1"],"labels":null}]'],
  [
    'equal labels',
    200,
    json,
    '[{"targets":["a:1"],"labels":{"a":"b"}},{"targets":["b:1","a:1"],"labels":{"a":"b"}}]',
  ],
  ['names of any kind', 200, json, '[{"targets":["a:1"],"labels":{"with.dot":"1","größe":"2","9":"3"}}]'],
  ['values of any kind', 200, json, '[{"targets":["a:1"],"labels":{"a":"\\"q\\"\\n\\\\ ü \\u0000"}}]'],
  ['a URL of its own', 200, json, '[{"targets":["a:1"],"labels":{"__meta_url":"mine","instance":"i"}}]'],
  ['keys of any case', 200, json, '[{"TARGETS":["a:1"],"Labels":{"A":"b"}}]'],
  ['keys that nobody knows', 200, json, '[{"targets":["a:1"],"source":7,"extra":{}}]'],
  ['null values', 200, json, '[{"targets":["a:1"],"labels":{"a":null,"b":"c"}}]'],
  ['no targets', 200, json, '[{"targets":null},{"labels":{"a":"b"}},{}]'],
  ['an empty list', 200, json, '[]'],
  ['null', 200, json, 'null'],
  ['a charset', 200, 'Application/JSON; charset=utf-8', '[{"targets":["a:1"]}]'],
  ['a charset in quotes', 200, 'application/json;charset="UTF-8"', '[{"targets":["a:1"]}]'],
  ['another charset', 200, 'application/json; charset=latin1', '[{"targets":["a:1"]}]'],
  ['a boundary', 200, 'application/json; x=y', '[{"targets":["a:1"]}]'],
  ['text', 200, 'text/plain', '[{"targets":["a:1"]}]'],
  ['no content type', 200, '', '[{"targets":["a:1"]}]'],
  ['another success', 203, json, '[{"targets":["a:1"]}]'],
  ['an error', 500, json, '[{"targets":["a:1"]}]'],
  ['an empty body', 200, json, ''],
  ['a page', 200, 'text/html', '<html></html>'],
  ['a null group', 200, json, '[{"targets":["a:1"]},null]'],
  ['an object', 200, json, '{"targets":["a:1"]}'],
  ['a port as a target', 200, json, '[{"targets":["a:1",80]}]'],
  ['a number as a label', 200, json, '[{"targets":["a:1"],"labels":{"a":1}}]'],
  ['a nameless label', 200, json, '[{"targets":["a:1"],"labels":{"":"a"}}]'],
  ['text after the list', 200, json, '[{"targets":["a:1"]}] x'],
  ['half a list', 200, json, '[{"targets":["a:1"]}'],
];

describeWithPrograms('HTTP, as a real Prometheus sees the same endpoint', ['promtool'], () => {
  let fleet: HttpFleet;
  beforeAll(async () => {
    fleet = await startHttpFleet({ seed: 'labels', groups: 200, token: 't0ken' });
  });
  afterAll(() => fleet?.stop());

  test('each answer has the same targets, or is refused by both', async () => {
    const server = await startFleetServer(({ path }) => {
      const [, status, type, body] = answers[Number(path.slice(1))] ?? ['', 404, '', ''];
      return { status, headers: type === '' ? {} : { 'content-type': type }, body };
    });
    const stanzas = answers.map((_, index) => ({ url: `${server.url}/${index}` }));
    const ours = await Promise.all(
      stanzas.map(async (stanza) => {
        const listing = listTargets(http, stanza, { http: { retries: 0 } });
        return targetTexts(
          await listing.then(
            ({ groups }) => groups,
            () => [],
          ),
        );
      }),
    );
    const expected = ours.flat().sort();
    const theirs = await discoverWithPromtool({ http_sd_configs: stanzas }, expected.length);
    await server.stop();
    expect(theirs).toEqual(expected);
    expect(answers.filter((_, index) => ours[index]?.length === 0).map(([name]) => name)).toEqual([
      ...[
        'keys that nobody knows',
        'no targets',
        'an empty list',
        'null',
        'another charset',
        'a boundary',
        'text',
        'no content type',
      ],
      ...['another success', 'an error', 'an empty body', 'a page', 'a null group', 'an object'],
      ...[
        'a port as a target',
        'a number as a label',
        'a nameless label',
        'text after the list',
        'half a list',
      ],
    ]);
  });

  test('so it is with hundreds of simulated groups and a token, before and after changes', async () => {
    const stanza = { url: fleet.list, authorization: { credentials: 't0ken' } };
    for (const changes of [0, 100]) {
      fleet.mutate(changes);
      const ours = targetTexts((await listTargets(http, stanza)).groups);
      expect(ours.length).toBeGreaterThan(400);
      expect(await discoverWithPromtool({ http_sd_configs: [stanza] }, ours.length)).toEqual(ours);
    }
  });
});
