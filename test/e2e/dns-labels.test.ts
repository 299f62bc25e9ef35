import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { dns } from '../../lib/backends/dns/index.ts';
import { listTargets } from '../support/discover.ts';
import { type Nsd, startNsd } from '../support/nsd.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';
import { canReplaceResolvConf, withResolvConf } from '../support/resolv-conf.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const many = Array.from({ length: 700 }, (_, number) => `_many SRV 0 0 ${1000 + number} instance-${number}`);

const zones = {
  'one.test': `
$ORIGIN one.test.
$TTL 60
@ SOA ns hostmaster 1 60 60 60 60
@ NS ns
@ NS ns.elsewhere.example.
@ MX 10 mail
@ MX 20 .
ns A 10.0.0.1
web A 10.0.0.2
web A 10.0.0.3
web AAAA 2001:db8::1
web AAAA 2001:db8:0:0:1:0:0:1
web AAAA ::ffff:10.0.0.9
web AAAA fe80::
web TXT "other"
alias CNAME far
far CNAME web
dangling CNAME nowhere.elsewhere.example.
*.wild A 10.0.0.4
deep.below.here A 10.0.0.5
_http._tcp SRV 1 2 8080 web
_http._tcp SRV 1 2 8081 web
_http._tcp SRV 1 9 8081 web
_http._tcp SRV 0 0 0 .
_odd._tcp SRV 0 0 80 dot\\.ted.one.test.
_odd._tcp SRV 0 0 81 sp\\032ace\\@\\"\\;\\(.one.test.
_odd._tcp SRV 0 0 82 by\\200te\\\\.one.test.
_odd._tcp SRV 0 0 83 UPPER.Case.
_dname DNAME one.test.
dot\\.ted A 10.0.0.6
${many.join('\n')}
`,
  'two.test': `
$ORIGIN two.test.
$TTL 60
@ SOA ns.one.test. hostmaster 1 60 60 60 60
@ NS ns.one.test.
web A 10.2.0.1
db A 10.2.0.2
_http._tcp.db SRV 0 0 5432 db
db.prod A 10.2.0.3
`,
  'broken.test': undefined,
};

/** What each run finds, with the search list one.test and two.test, and two dots for a name that comes first. */
const stanzas: Readonly<Record<string, object>> = {
  'SRV, by default': {
    names: ['_http._tcp.one.test', '_http._tcp.db', '_odd._tcp.one.test.', 'web', '_none._tcp.one.test'],
  },
  'SRV, hundreds, over TCP': { names: ['_many.one.test', '_many'], type: 'srv' },
  A: {
    names: [
      ...['web', 'web.one.test', 'web.two.test.', 'WEB.One.Test', 'db', 'db.prod', 'one.test'],
      ...[
        'alias',
        'dangling.one.test',
        'x.wild',
        'below.here',
        'dot\\.ted',
        'web._dname',
        'nothing.one.test',
      ],
    ],
    type: 'A',
    port: 9100,
  },
  AAAA: { names: ['web', 'alias.one.test', 'db'], type: 'aaaa', port: 9100 },
  MX: { names: ['one.test', 'two.test', 'web'], type: 'MX', port: 25 },
  NS: { names: ['one.test', 'two.test.', 'web'], type: 'NS', port: 53 },
};

const address = `127.${randomInt(64, 128)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
const main = join(import.meta.dirname, '../../lib/cli/main.ts');
const printed = z.array(
  z.object({
    source: z.string(),
    labels: z.record(z.string(), z.string()),
    targets: z.array(z.record(z.string(), z.string())),
  }),
);

const replaceable = canReplaceResolvConf();
if (!replaceable)
  process.stderr.write('SKIPPED DNS beside promtool: root may not replace /etc/resolv.conf\n');

describeWithPrograms('DNS, as a real Prometheus sees the same server', ['nsd', 'promtool', 'unshare'], () => {
  let server: Nsd;
  let place: Workplace;
  beforeAll(async () => {
    server = await startNsd({ zones, ...(replaceable && { address }) });
    place = await makeWorkplace();
    await place.write(
      'resolv.conf',
      // Nothing listens at the first; the search list's order and ndots matter to names like db.prod.
      ['127.64.0.1', address].map((each) => `nameserver ${each}\n`).join('') +
        'search one.test two.test\noptions ndots:2 timeout:5\n',
    );
  });
  afterAll(async () => {
    await server?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  /** Runs `muster targets` where it sees that resolv.conf. */
  const muster = async (stanza: object, name: string) => {
    const config = { scrape_configs: [{ job_name: 'all', dns_sd_configs: [stanza] }] };
    await place.write(`${name}.yml`, config);
    return await place.run(['targets', '-c', `${name}.yml`, '--job', 'all', '--output', 'json'], {
      command: [...withResolvConf(join(place.folder, 'resolv.conf')), process.execPath, main],
    });
  };
  const prometheus = (stanza: object, atLeast: number) =>
    discoverWithPromtool({ dns_sd_configs: [stanza] }, atLeast, {
      inside: withResolvConf(join(place.folder, 'resolv.conf')),
    });
  const beside = replaceable ? test : test.skip;

  beside('every target has the same labels, whatever is asked and wherever it lies', async () => {
    const found = await Promise.all(
      Object.entries(stanzas).map(async ([name, stanza]) => {
        const { stdout, stderr } = await muster(stanza, `stanza-${name.length}${name.at(0)}`);
        expect(stderr).not.toContain('error');
        const ours = targetTexts(printed.parse(JSON.parse(stdout)));
        return { name, ours, theirs: await prometheus(stanza, ours.length) };
      }),
    );
    for (const { name, ours, theirs } of found) expect([name, theirs]).toEqual([name, ours]);
    expect(found.map(({ name, ours }) => [name, ours.length])).toEqual([
      ['SRV, by default', 8],
      ['SRV, hundreds, over TCP', 1400],
      ['A', 15],
      ['AAAA', 8],
      ['MX', 2],
      ['NS', 3],
    ]);
  });

  beside('a name that no server can answer: Prometheus goes without it, here the listing fails', async () => {
    const stanza = { names: ['web', 'web.broken.test.'], type: 'A', port: 9100 };
    const [{ code, stderr }, theirs] = await Promise.all([muster(stanza, 'broken'), prometheus(stanza, 2)]);
    expect(theirs.length).toBe(2);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /DNS lookup of web\.broken\.test\. \(A\): .*127\.64\.0\.1:53: .*refused.*; .*the answer is SERVFAIL/,
      ),
    ]);
  });

  test('servers of the configuration are asked instead of those of the machine', async () => {
    const nameservers = [server.server];
    const list = async (names: readonly string[], more: object) =>
      (await listTargets(dns, { names, nameservers, ...more })).groups;
    expect(await list(['_many.one.test', 'nothing.one.test'], {})).toHaveLength(1);
    expect(targetTexts(await list(['_many.one.test'], {}))).toHaveLength(700);
    await expect(list(['web.one.test', 'web.broken.test'], { type: 'A', port: 1 })).rejects.toMatchObject({
      kind: 'status',
      message: `DNS lookup of web.broken.test (A): web.broken.test. at ${server.server}: the answer is SERVFAIL`,
    });
    await expect(list(['web.other.test'], { type: 'A', port: 1 })).rejects.toMatchObject({
      kind: 'denied',
      message: `DNS lookup of web.other.test (A): web.other.test. at ${server.server}: the answer is REFUSED`,
    });
  });
});
