import { printRule } from '../config/relabel.ts';
import { decidedBy } from '../cycle/control.ts';
import { acceptCommand, quoted } from '../cycle/hints.ts';
import type { Departure, Explanation, Look, PublishedTarget } from '../run/explain.ts';
import type { LiveLook } from '../run/live-look.ts';
import type { Near } from '../run/question.ts';
import { addressLabel, type LabelSet } from '../targets/group.ts';
import { identifyingLabels } from '../targets/identifying.ts';
import type { ProviderId } from '../targets/keys.ts';
import type { RelabelTrace } from '../targets/relabel.ts';
import type { Io } from './command.ts';
import { counted, cutMiddle, formatAge, openPaint, type Paint, printable } from './output.ts';

/** Everything that is known, ready for printing. */
export interface Answer {
  readonly question: { readonly text: string };
  readonly explanation: Explanation;
  /** Undefined if the backends were not asked. */
  readonly live: readonly LiveLook[] | undefined;
  readonly nearest: readonly Near[];
  /** The jobs whose rules Muster itself runs. Targets that these rules drop never reach the bucket. */
  readonly publishes: ReadonlySet<string>;
  readonly now: Date;
}

/** The answer in words, and the details behind it: lines for a screen. */
export interface AnswerLines {
  readonly words: readonly string[];
  readonly details: readonly string[];
}

/** The most lines of details, of targets and of labels: one screen. */
const mostTargets = 12;
const mostLabels = 14;

/** Prints an answer, the words first. */
export function answerLines(answer: Answer, io: Io): AnswerLines {
  const { published } = answer.explanation;
  const [only] = published;
  const words = published.length === 0 ? missingWords(answer) : publishedWords(published, answer);
  const all = [...words, ...liveWords(answer), ...nearWords(answer), ...problemWords(answer)];
  const screen = { paint: openPaint(io), columns: io.outColumns ?? Number.POSITIVE_INFINITY };
  const traced = only?.trace ?? answer.live?.flatMap(({ found }) => found)[0]?.trace;
  const labels = only?.labels ?? answer.live?.flatMap(({ found }) => found)[0]?.labels;
  const details =
    published.length > 1
      ? targetLines(published, screen)
      : labels === undefined
        ? []
        : traceLines(traced, labels, screen);
  return { words: all.map(printable), details };
}

function publishedWords(published: readonly PublishedTarget[], answer: Answer): readonly string[] {
  const { question, explanation, now } = answer;
  const [first] = published;
  if (first === undefined) return [];
  const drops = published.filter(({ trace }) => trace?.outcome === 'dropped').length;
  const held = published.filter((one) => one.held !== undefined);
  const keeps = held.map(
    (one) =>
      `The gate keeps it although the listing lacks it${one.held?.since === undefined ? '' : ` since ${timeText(one.held.since)}`}: ${one.held?.message}. "${acceptCommand(one)}" lets it go.`,
  );
  if (published.length > 1) {
    const places = [...Map.groupBy(published, placeOf)].map(([place, all]) => `${all.length} in ${place}`);
    return [
      `${published.length} targets fit ${question.text}: ${places.join(', ')}.`,
      ...(drops > 0 ? [`Rules drop ${drops} of them in Prometheus.`] : []),
      ...(held.length > 0 ? [`The gate keeps ${held.length} of them although the listing lacks them.`] : []),
      ...staleWords(
        explanation.looked.filter((look) => published.some((one) => placeOf(one) === placeOf(look))),
        now,
      ),
    ];
  }
  const { since, changed, labels, trace } = first;
  const from =
    since === undefined
      ? `since before the journal begins (version ${lookOf(first, explanation.looked)?.begins ?? 0})`
      : `since version ${since.version}, ${timeText(since.at)} (${formatAge(since.at, now)} ago)`;
  return [
    `${labels[addressLabel] ?? question.text} is published: job ${first.job}, provider ${first.provider}, ${from}.`,
    ...(changed ? [`Its labels last changed in version ${changed.version}, ${timeText(changed.at)}.`] : []),
    ...keeps,
    ...ruleWords(trace, first, answer),
    ...staleWords(
      explanation.looked.filter((look) => placeOf(look) === placeOf(first)),
      now,
    ),
  ];
}

/** What Prometheus does with it, as far as the rules are known. */
function ruleWords(
  trace: RelabelTrace | undefined,
  { job }: ProviderId,
  { publishes }: Answer,
): readonly string[] {
  if (publishes.has(job))
    return ['The rules of the job ran before it was published; Prometheus scrapes it as it is.'];
  if (trace === undefined)
    return ['Its rules are not known here; -c muster.yml or --prometheus FILE names them.'];
  if (trace.outcome === 'dropped') return [`Prometheus drops it: ${dropText(trace, job)}.`];
  if (trace.outcome === 'refused') return [`Prometheus does not scrape it: ${trace.refusal}.`];
  if (trace.steps.length === 0)
    return [
      'The configuration has no rules for the job; where they stand in prometheus.yml, --prometheus FILE follows them.',
    ];
  return [`No rule drops it: Prometheus scrapes it as instance ${trace.labels?.instance ?? ''}.`];
}

function dropText({ steps }: RelabelTrace, job: string): string {
  const last = steps.at(-1);
  return last === undefined
    ? ''
    : `rule ${steps.length} of job ${job}, ${printRule(last.rule)}, for the value ${JSON.stringify(last.value)}`;
}

function missingWords(answer: Answer): readonly string[] {
  const { question, explanation, publishes, live, now } = answer;
  const { departures, looked } = explanation;
  const [last, ...earlier] = departures;
  const asks = live === undefined;
  const running = [...new Set(looked.map(({ job }) => job))].filter((job) => publishes.has(job));
  const notes = [
    ...(asks && running.length > 0
      ? [
          `What the rules of ${running.map((job) => `job ${job}`).join(', ')} drop never reaches the bucket (relabel: publish): only --live can tell.`,
        ]
      : []),
    ...(asks && running.length === 0 && last === undefined
      ? ['--live asks the backends whether they have it.']
      : []),
    ...staleWords(looked, now),
  ];
  if (last === undefined) {
    const targets = looked.reduce((sum, one) => sum + one.targets, 0);
    const cut = looked.filter(({ begins }) => begins > 1);
    return [
      `${question.text} is not published, and no list that the journal knows had it: ${counted(looked.length, 'provider')}, ${counted(targets, 'target')} now.`,
      ...(cut.length > 0
        ? [`The journal of ${cut.map(placeOf).slice(0, 3).join(', ')} does not reach back to the beginning.`]
        : []),
      ...notes,
    ];
  }
  return [
    ...departureWords(last, answer),
    ...earlier
      .slice(0, 3)
      .map(
        (one) =>
          `It was in job ${one.job}, ${one.provider}, too, until version ${one.version}, ${timeText(one.at)}.`,
      ),
    ...notes,
  ];
}

function departureWords(last: Departure, { question, publishes }: Answer): readonly string[] {
  const { job, provider, version, at, targets, others, sample, trace } = last;
  const [first] = targets;
  const when = `version ${version}, ${timeText(at)}`;
  const name =
    targets.length > 1
      ? `${question.text}: no such target is published`
      : `${first?.labels[addressLabel] ?? question.text} is not published`;
  const it = targets.length > 1 ? `The last ${targets.length} of them` : 'It';
  if (last.kind === 'changed') {
    const changes =
      first?.differences
        .slice(0, 3)
        .map((one) => `${one.name}: ${one.before ?? 'none'} → ${one.after ?? 'none'}`) ?? [];
    return [
      `No target fits ${question.text} any more. ${first?.labels[addressLabel] ?? 'One'} of job ${job}, ${provider}, changed its labels in ${when}: ${changes.join(', ')}.`,
    ];
  }
  const company = others === 0 ? 'with no other' : `with ${counted(others, 'other')}`;
  const rules = publishes.has(job) ? ', or the rules of the job dropped it' : '';
  const drop =
    trace?.outcome === 'dropped' && !publishes.has(job)
      ? [`Prometheus did not scrape it before either: ${dropText(trace, job)}.`]
      : [];
  const named = sample.map((labels) => labels[addressLabel] ?? '').join(', ');
  return [
    `${name}. ${it} left job ${job}, ${provider}, in ${when}, ${company}: ${whyText(last, rules)}.`,
    ...(others > 0
      ? [
          `With it went ${named}${others > sample.length ? `, and ${others - sample.length} more` : ''}: muster history --job ${quoted(job)} --provider ${provider} --show ${version}`,
        ]
      : []),
    ...(last.reason === 'retired' || version === 1
      ? []
      : [
          `To restore the list before it: muster rollback ${quoted(job)} --provider ${provider} --to ${version - 1} --pin 2h`,
        ]),
    ...drop,
  ];
}

function whyText({ reason, decision }: Departure, rules: string): string {
  if (decision?.action === 'rollback') return `the list was rolled back${decidedBy(decision)}`;
  return `${reasonText(reason)}${reason === 'discovered' ? rules : ''}`;
}

/** Why a list changed, as the end of a sentence. */
function reasonText(reason: string): string {
  const reasons: Readonly<Record<string, string>> = {
    discovered: 'the listing no longer had it',
    confirmed: 'the gate had held it, and the listings went on without it',
    accepted: 'the gate had held it until an operator accepted that it goes',
    rebuilt: 'the list was built again after damage in the store',
    retired: 'its provider was retired, it is no longer in the configuration',
  };
  return Object.hasOwn(reasons, reason) ? (reasons[reason] ?? reason) : `the reason is "${reason}"`;
}

function liveWords({ live, explanation, publishes }: Answer): readonly string[] {
  if (live === undefined) return [];
  const has = live.filter(({ found }) => found.length > 0);
  const lacks = live.filter(({ found, error }) => found.length === 0 && error === undefined);
  const listed = lacks.reduce((sum, one) => sum + one.listed, 0);
  return [
    ...has.flatMap((look) => foundWords(look, explanation.published.length > 0, publishes)),
    ...(lacks.length > 0 && has.length === 0
      ? [
          `${lacks.length === 1 ? `The backend of ${lacks.map(placeOf).join()} does` : `The backends of ${counted(lacks.length, 'provider')} do`} not have it now: ${counted(listed, 'target')} listed.`,
        ]
      : []),
    ...live.flatMap((look) =>
      look.error === undefined
        ? []
        : [`The backend of ${placeOf(look)} could not be asked: ${look.error.message}`],
    ),
  ];
}

function foundWords(look: LiveLook, isPublished: boolean, publishes: ReadonlySet<string>): readonly string[] {
  const [first] = look.found;
  const { trace } = first ?? {};
  const count = look.found.length === 1 ? 'it' : counted(look.found.length, 'such target');
  const begin = `The backend of ${placeOf(look)} has ${count} now`;
  if (trace?.outcome === 'dropped' && publishes.has(look.job))
    return [`${begin}, but it is not published: ${dropText(trace, look.job)}, drops it.`];
  if (trace?.outcome === 'refused' && publishes.has(look.job))
    return [`${begin}, but it is not published: ${trace.refusal}.`];
  if (isPublished) return [`${begin}.`];
  return [`${begin}: the next cycle publishes it, unless the gate holds the list.`];
}

function nearWords({ nearest }: Answer): readonly string[] {
  if (nearest.length === 0) return [];
  return [
    `The nearest: ${nearest.map((one) => `${one.text} (job ${one.job}, ${one.provider})`).join('; ')}.`,
  ];
}

/** Warns of a list that is older than its cycles allow. */
function staleWords(looked: readonly Look[], now: Date): readonly string[] {
  return looked.flatMap((look) => {
    const { error, last_success: good, held, published_version: shown = look.version } = look.status ?? {};
    const place = placeOf(look);
    return [
      ...(error === undefined
        ? []
        : [
            `${place} fails, its list is ${good === undefined ? 'unknown' : `of ${formatAge(good, now)} ago`}: ${error.message}`,
          ]),
      ...(held?.kind === 'backend' || held?.kind === 'pinned'
        ? [`The whole list of ${place} stays as it is: ${held.message}`]
        : []),
      ...(shown < look.version
        ? [`Version ${look.version} of ${place} is not published yet; the next cycle does it.`]
        : []),
    ];
  });
}

function problemWords({ explanation }: Answer): readonly string[] {
  return explanation.looked.flatMap((look) =>
    look.problems.slice(0, 2).map((problem) => `${placeOf(look)}: ${problem}`),
  );
}

interface Screen {
  readonly paint: Paint;
  readonly columns: number;
}

function targetLines(published: readonly PublishedTarget[], { paint, columns }: Screen): readonly string[] {
  const lines = published.slice(0, mostTargets).map((one) => {
    const { since, held, trace } = one;
    const state = held !== undefined ? 'held' : (trace?.outcome ?? 'published');
    const identity = identifyingLabels(one.labels).map(({ name, value }) => `${name}=${value}`);
    const from = since === undefined ? '' : `since ${timeText(since.at)}`;
    const text = [one.labels[addressLabel] ?? '-', ...identity].join(' ');
    const tail = `${placeOf(one)}  ${state}  ${from}`.trimEnd();
    return `${paint('name', cutMiddle(printable(text), Math.max(20, columns - tail.length - 4)))}  ${printable(tail)}\n`;
  });
  const rest = published.length - lines.length;
  return ['\n', ...lines, ...(rest > 0 ? [`… and ${rest} more: --output json has all\n`] : [])];
}

function traceLines(
  trace: RelabelTrace | undefined,
  labels: LabelSet,
  { paint, columns }: Screen,
): readonly string[] {
  const cut = (text: string) => cutMiddle(printable(text), columns);
  const head = (text: string) => `\n${paint('name', text)}\n`;
  const before =
    head(trace === undefined ? 'Labels' : 'Labels before the rules') +
    labelLines(trace?.discovered ?? labels, cut);
  if (trace === undefined || trace.steps.length === 0) return [before];
  const steps = trace.steps.map(({ rule, value, changes, drops }, index) => {
    const line = `  ${index + 1}  ${printRule(rule)}`;
    if (drops) return `${paint('bad', cut(`${line}  drops it: the value is ${JSON.stringify(value)}`))}\n`;
    if (changes.length === 0) return `${paint('note', cut(`${line}  changes nothing`))}\n`;
    const all = changes.map((one) => {
      if (one.after === undefined) return paint('bad', cut(`     - ${one.name}`));
      const was = one.before === undefined ? '' : ` (was ${JSON.stringify(one.before)})`;
      return paint(
        one.before === undefined ? 'good' : 'warn',
        cut(`     ${one.before === undefined ? '+' : '~'} ${one.name}=${JSON.stringify(one.after)}${was}`),
      );
    });
    const shown = all.length > 6 ? [...all.slice(0, 5), `     … and ${all.length - 5} more`] : all;
    return `${cut(line)}\n${shown.join('\n')}\n`;
  });
  const after =
    trace.labels === undefined ? '' : head('Labels after the rules') + labelLines(trace.labels, cut);
  return [before, head('Rules'), ...steps, after];
}

function labelLines(labels: LabelSet, cut: (text: string) => string): string {
  const telling = identifyingLabels(labels).map(({ label }) => label);
  const rank = (name: string) =>
    name === addressLabel
      ? -1
      : telling.includes(name)
        ? telling.indexOf(name)
        : name.startsWith('__')
          ? 101
          : 100;
  const names = Object.keys(labels).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const lines = names
    .slice(0, names.length > mostLabels ? mostLabels - 1 : mostLabels)
    .map((name) => `${cut(`  ${name}=${JSON.stringify(labels[name])}`)}\n`);
  const rest = names.length - lines.length;
  return `${lines.join('')}${rest > 0 ? `  … and ${rest} more: --output json has all\n` : ''}`;
}

function lookOf(id: ProviderId, looked: readonly Look[]): Look | undefined {
  return looked.find((look) => placeOf(look) === placeOf(id));
}

function placeOf({ job, provider }: ProviderId): string {
  return `${job}/${provider}`;
}

function timeText(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}
