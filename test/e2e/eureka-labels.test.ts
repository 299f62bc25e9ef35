import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eureka } from '../../lib/backends/eureka/index.ts';
import { startFleetServer } from '../../lib/sim/server.ts';
import { type EurekaFleet, startEurekaFleet } from '../sim/eureka.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const wrap = (instances: string) =>
  `<applications><versions__delta>1</versions__delta><application><name>A</name>${instances}</application></applications>`;
const one = (content: string) => wrap(`<instance><hostName>h</hostName>${content}</instance>`);

/** Answers that both take, with at least one target each. */
const good: Readonly<Record<string, string>> = {
  'a host alone': one(''),
  'nothing at all': wrap('<instance/>'),
  'an IPv6 host': wrap('<instance><hostName>fd00::1</hostName><port enabled="true">80</port></instance>'),
  'a port with zeros and blanks': one('<port enabled=" true "> +0080\n</port>'),
  'an empty port': one('<port/><securePort enabled=""></securePort>'),
  'a port without a flag': one('<port>8080</port>'),
  'a port below zero': one('<port enabled="F">-1</port>'),
  'flags of Go': one('<port enabled="T">1</port><securePort enabled="0">2</securePort>'),
  'two ports': one('<port enabled="true">1</port><port>2</port>'),
  'two hosts': one('<hostName>g</hostName>'),
  'text around elements': wrap('<instance><hostName>a<b>c</b>d</hostName></instance>'),
  entities: one('<homePageUrl>a?b&amp;c&#x3d;&#100; &lt;&quot;&apos;</homePageUrl>'),
  'a CDATA section': one('<homePageUrl>x<![CDATA[<&amp;>]]>y</homePageUrl>'),
  'comments and instructions': one('<!-- c --><homePageUrl>x<!-- c -->y<?p q?>z</homePageUrl>'),
  'line ends': one('<homePageUrl>x\r\ny\rz</homePageUrl><metadata><a>x\r\ny\rz</a></metadata>'),
  metadata: one('<metadata class="m"><a.b>1</a.b><größe>ü</größe><empty/><a-b> 2 </a-b></metadata>'),
  'metadata as it is written': one(
    '<metadata><a>x &amp; <b c="1">y</b><!-- z --></a><d><![CDATA[e]]></d></metadata>',
  ),
  'metadata that becomes one label': one('<metadata><a.b>1</a.b><a_b>2</a_b><a.b>3</a.b></metadata>'),
  'metadata twice': one('<metadata><a>1</a><b>1</b></metadata><metadata><a>2</a></metadata>'),
  'metadata with prefixes': one('<metadata><x:a xmlns:x="u">1</x:a></metadata>'),
  'a data center': one(
    '<dataCenterInfo class="c"><name>Amazon</name><metadata><ami-id>1</ami-id></metadata></dataCenterInfo>',
  ),
  'a data center without name': one('<dataCenterInfo class="c"/>'),
  'a country': one('<countryId>1</countryId>'),
  'an empty country': one('<countryId></countryId><isCoordinatingDiscoveryServer/>'),
  'a declaration': `<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE applications [<!ENTITY e "x">]>\n${one('')}`,
  'text after the list': `${one('')} and <more`,
  'unknown elements': one(
    '<leaseInfo><port>9</port><hostName>x</hostName></leaseInfo><overriddenstatus>U</overriddenstatus>',
  ),
  'two applications of a name': one('').replace(
    '</applications>',
    '<application><name>A</name><instance/></application></applications>',
  ),
  'an application without a name':
    '<applications><application><instance><hostName>n</hostName></instance></application></applications>',
};

/** Answers that both refuse. */
const bad: Readonly<Record<string, string>> = {
  'an empty body': '',
  JSON: '{"applications":{}}',
  'half a list': one('').slice(0, -20),
  'a port that is none': one('<port>x</port>'),
  'a blank port': one('<port> </port>'),
  'a fraction': one('<securePort>1.5</securePort>'),
  'a flag that is none': one('<port enabled="yes">1</port>'),
  'a country that is none': one('<countryId>DE</countryId>'),
  'a version that is none': one('').replace('>1<', '>x<'),
  'an unknown entity': one('<homePageUrl>&nbsp;</homePageUrl>'),
  'a bare ampersand': one('<homePageUrl>a&b</homePageUrl>'),
  'a bare ampersand in metadata': one('<metadata><a>x & y</a></metadata>'),
  'an end of another element': one('<a></b>'),
  'attributes without quotes': one('<a b=c/>'),
  'a control character': one('<a>\u0001</a>'),
  'another encoding': `<?xml version="1.0" encoding="latin1"?>${one('')}`,
  'another version': `<?xml version="1.1"?>${one('')}`,
  'an end of CDATA': one('<a>]]></a>'),
  'a double dash': one('<!-- a -- b -->'),
};

describeWithPrograms('Eureka, as a real Prometheus sees the same server', ['promtool'], () => {
  let fleet: EurekaFleet;
  beforeAll(async () => {
    fleet = await startEurekaFleet({ seed: 'labels', applications: 200, token: 't0ken' });
  });
  afterAll(() => fleet?.stop());

  test('each answer has the same targets, or is refused by both', async () => {
    const answers = { ...good, ...bad };
    // Equal targets of two answers would be one to promtool: the application has the answer's number.
    const named = (index: string) =>
      (Object.values(answers)[Number(index)] ?? '').replaceAll('<name>A</name>', `<name>A${index}</name>`);
    const server = await startFleetServer(({ path }) => ({
      headers: { 'content-type': 'application/xml' },
      body: named(path.split('/')[1] ?? ''),
    }));
    const stanzas = Object.keys(answers).map((_, index) => ({ server: `${server.url}/${index}` }));
    const ours = await Promise.all(
      stanzas.map(async (stanza) => {
        const listing = listTargets(eureka, stanza, { http: { retries: 0 } });
        return targetTexts(
          await listing.then(
            ({ groups }) => groups,
            () => [],
          ),
        );
      }),
    );
    const expected = ours.flat().sort();
    const theirs = await discoverWithPromtool({ eureka_sd_configs: stanzas }, expected.length);
    await server.stop();
    expect(theirs).toEqual(expected);
    expect(Object.keys(answers).filter((_, index) => ours[index]?.length === 0)).toEqual(Object.keys(bad));
  });

  test('so it is with hundreds of simulated applications and a token, before and after changes', async () => {
    const stanza = { server: `${fleet.url}/eureka`, bearer_token: 't0ken' };
    for (const changes of [0, 100]) {
      fleet.mutate(changes);
      const ours = targetTexts((await listTargets(eureka, stanza)).groups);
      expect(ours.length).toBeGreaterThan(300);
      expect(await discoverWithPromtool({ eureka_sd_configs: [stanza] }, ours.length)).toEqual(ours);
    }
  });
});
