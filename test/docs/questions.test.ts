import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { anchorOf, linksOf, pages, root } from './pages.ts';

interface Question {
  readonly asks: string;
  /** Where people asked it. */
  readonly from: string;
  readonly page: string;
  /** The section; the whole page without one. */
  readonly section?: string;
  /** What the answer has in it. */
  readonly says: string;
}

/** What new users of this field ask, by the issue trackers of its programs. */
const questions: readonly Question[] = [
  {
    asks: 'Can Prometheus wait until the files are there, by an init container?',
    from: 'kubernetes/git-sync#146, #920',
    ...{ page: 'docs/sidecar.md', says: '`--once` is for init containers' },
  },
  {
    asks: 'As which user does it run, and how can Prometheus read the files?',
    from: 'kubernetes/git-sync#43, #308, #927',
    ...{ page: 'infra/sidecar/README.md', says: 'fsGroup' },
  },
  {
    asks: 'How much memory does kube state need on a large cluster?',
    from: 'kubernetes/kube-state-metrics#257, #493',
    ...{ page: 'lib/kube-state/README.md', section: 'what-it-costs', says: '50,000 pods' },
  },
  {
    asks: 'Why does kube_pod_labels not have my label?',
    from: 'kubernetes/kube-state-metrics',
    ...{ page: 'lib/kube-state/README.md', says: 'metric_labels_allowlist' },
  },
  {
    asks: 'Can I see what it would do before it writes anything?',
    from: 'kubernetes-sigs/external-dns#688',
    ...{ page: 'docs/configure.md', section: 'configure', says: 'muster run --dry-run' },
  },
  {
    asks: 'What if two of them write to one place?',
    from: 'kubernetes-sigs/external-dns#3336',
    ...{
      page: 'docs/security.md',
      section: 'threats-and-what-stands-against-them',
      says: 'a store belongs to one configuration; the other one is refused',
    },
  },
  {
    asks: 'Which rights in AWS are the least that it needs?',
    from: 'kubernetes-sigs/external-dns#483, aws-ia/terraform-aws-eks-blueprints-addons#17',
    ...{ page: 'docs/security.md', section: 'least-privilege-in-aws', says: 'a role of its own' },
  },
  {
    asks: 'Do my targets go when the backend fails, or answers a part?',
    from: 'prometheus/prometheus#2924, #2228',
    ...{ page: 'docs/concepts.md', section: 'one-cycle', says: 'the last good list stays' },
  },
  {
    asks: 'Does one bad address take the whole job down?',
    from: 'prometheus/prometheus#8438',
    ...{
      page: 'docs/security.md',
      section: 'what-is-trusted-and-what-is-not',
      says: 'An address that Prometheus cannot scrape is left out',
    },
  },
  {
    asks: 'My service is registered: why is it no target?',
    from: 'prometheus/prometheus#2835, #3314',
    ...{ page: 'docs/operate.md', section: 'by-symptom-at-3-am', says: 'muster explain ADDRESS --live' },
  },
];

/** Clicks from the README to each page that links lead to. */
function clicks(): ReadonlyMap<string, number> {
  const all = pages();
  const found = new Map([['README.md', 0]]);
  for (const [page, count] of found)
    for (const link of linksOf(page)) {
      const [path = ''] = link.split('#');
      const target = normalize(join(page, '..', path));
      const leads = [target, join(target, 'README.md')].find((one) => all.includes(one));
      if (leads !== undefined && !found.has(leads)) found.set(leads, count + 1);
    }
  return found;
}

/** The text of a page, or of a section with those below it. */
function textOf({ page, section }: Question): string {
  const text = readFileSync(join(root, page), 'utf8');
  if (section === undefined) return text;
  const headings = [...text.matchAll(/^(#+) (.*)$/gm)];
  const start = headings.find(([, , heading = '']) => anchorOf(heading) === section);
  const end = headings.find(({ index }) => start !== undefined && index > start.index);
  return start === undefined ? '' : text.slice(start.index, end?.index);
}

test('each of ten questions of new users is answered on one page, two clicks from the README at most', () => {
  expect(questions.length).toBe(10);
  const far = clicks();
  const unanswered = questions.filter(
    (question) =>
      (far.get(question.page) ?? 99) > 2 || !textOf(question).replace(/\s+/g, ' ').includes(question.says),
  );
  expect(unanswered.map(({ asks }) => asks)).toEqual([]);
});
