import type { Verdict } from '../mirror/health.ts';
import { providerMechanism } from '../search/query.ts';
import type { SidecarModel, StoreView } from '../serve/model.ts';
import type { Outputs, OutputView } from '../serve/outputs.ts';
import type { Overview, ProviderView } from '../serve/providers.ts';
import {
  ago,
  commandLine,
  count,
  given,
  type Html,
  href,
  html,
  jobHref,
  needsAttention,
  nothing,
  number,
  placeOf,
  stateBadge,
  stateText,
  versionHref,
} from './html.ts';
import { paging } from './target-list.ts';

const pageSize = 200;

/** The keys by which the providers can be sorted. */
export const sortKeys = ['state', 'job', 'targets', 'version', 'change', 'success'] as const;
type Sort = (typeof sortKeys)[number];

/** The filters, the order and the page of the overview. */
export interface OverviewSelection {
  /** Words that a provider must have, all of them, in its name or state. */
  readonly filter: string;
  readonly sort: Sort;
  /** Whether the order is turned round. */
  readonly reverse: boolean;
  /** Whether the providers of each mechanism stand together. */
  readonly grouped: boolean;
  /** Of the providers. */
  readonly offset: number;
}

interface Shown {
  readonly overview: Overview;
  readonly outputs: Outputs;
  readonly wish: OverviewSelection;
}

/** How everything does, what is worst first. */
export function overviewBody(
  model: Pick<SidecarModel, 'now' | 'mirror' | 'configuration' | 'stores'>,
  { overview, outputs: found, wish }: Shown,
): Html {
  const { providers } = overview;
  const { outputs } = found;
  const errors = [...new Set([...overview.errors, ...found.errors])];
  const now = model.now();
  const mirror = model.mirror();
  const trouble = providers.filter(({ state }) => needsAttention(state));
  const bad = outputs.filter(({ state }) => needsAttention(state));
  const wanted = sorted(
    providers.filter((one) => isWanted(one, wish.filter)),
    wish,
  );
  const rows = wanted.slice(wish.offset, wish.offset + pageSize);
  const configuration = model.configuration();
  const quiet = mirror.ok && mirror.reason === 'ok';
  return html`<h1 class="heard">Overview</h1>
${facts(providers, trouble.length + bad.length)}
${quiet ? nothing : html`<p class="note ${mirror.ok ? 'warn' : 'bad'}">Mirror: ${given(mirror.reason)}</p>`}
${configuration?.ok === false ? html`<p class="note bad">Configuration: ${given(configuration.reason)}</p>` : nothing}
${configuration?.note === undefined ? nothing : html`<p class="note">${given(configuration.note)}</p>`}
${errors.map((error) => html`<p class="note bad">What is known of the providers is not newer: ${given(error)}</p>`)}
${trouble.length + bad.length === 0 ? nothing : attention(trouble, bad, now)}
${providers.length + outputs.length === 0 ? html`<p class="empty">The store has no provider yet. Once a cycle has run, it shows here.</p>` : nothing}
${
  providers.length === 0
    ? nothing
    : html`<section aria-labelledby="providers"><div class="headed"><h2 id="providers">Providers</h2>${filterForm(wish)}</div>
${wish.filter === '' ? nothing : html`<p class="found" role="status">${count(wanted.length, 'provider')} of ${number(providers.length)}</p>`}
${wanted.length === 0 ? html`<p class="empty">No provider fits. <a href="/">All of them</a></p>` : table(rows, wish, now)}
${paging({ offset: wish.offset, limit: pageSize, total: wanted.length, path: { path: '/', query: queryOf(wish), anchor: 'providers' } })}</section>`
}
${wish.offset === 0 ? outputsTable(outputs, now) : nothing}
${storesTable(model.stores(), mirror)}`;
}

/** The query of the overview as it is wanted, with some of it otherwise. */
function queryOf(
  wish: OverviewSelection,
  other: Partial<OverviewSelection> = {},
): Readonly<Record<string, string | undefined>> {
  const { filter, sort, reverse, grouped } = { ...wish, ...other };
  return {
    q: filter,
    sort: sort === 'state' ? undefined : sort,
    dir: reverse ? 'reverse' : undefined,
    group: grouped ? 'mechanism' : undefined,
  };
}

function filterForm({ filter, sort, reverse, grouped }: OverviewSelection): Html {
  const hidden = sort === 'state' ? nothing : html`<input type="hidden" name="sort" value="${sort}">`;
  return html`<form class="filter" action="/" aria-label="Filter the providers">${hidden}${reverse ? html`<input type="hidden" name="dir" value="reverse">` : nothing}
<input type="search" name="q" value="${filter}" maxlength="200" aria-label="Filter by job, mechanism, state or reason" placeholder="job, mechanism, state" autocomplete="off" spellcheck="false">
<label><input type="checkbox" name="group" value="mechanism"${grouped ? html` checked` : ''}> by mechanism</label>
<button class="plain">Filter</button></form>`;
}

function isWanted(one: ProviderView, filter: string): boolean {
  const { job, provider, source, state, reason } = one;
  const text =
    `${job} ${provider} ${source} ${mechanismIn(one)} ${state} ${stateText(state)} ${reason}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** As the status says, or else as the provider is named. */
function mechanismIn({ provider, status }: ProviderView): string {
  return status?.settings?.mechanism ?? providerMechanism(provider);
}

/** The overview has them by state already. */
function sorted(
  providers: readonly ProviderView[],
  { sort, reverse, grouped }: OverviewSelection,
): readonly ProviderView[] {
  const by = keys[sort];
  const ordered = by === undefined ? [...providers] : providers.toSorted((a, b) => order(by(a), by(b)));
  if (reverse) ordered.reverse();
  return grouped ? ordered.sort((a, b) => order(mechanismIn(a), mechanismIn(b))) : ordered;
}

/** The largest and the newest first, as they are looked for. */
const keys: Readonly<Record<Sort, ((one: ProviderView) => string | number) | undefined>> = {
  state: undefined,
  job: ({ job }) => job,
  targets: ({ targets }) => -(targets ?? -1),
  version: ({ status }) => -(status?.version ?? -1),
  change: ({ status }) => -Date.parse(status?.last_change ?? '1970-01-01'),
  success: ({ status }) => Date.parse(status?.last_success ?? '1970-01-01'),
};

function order(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function facts(providers: readonly ProviderView[], trouble: number): Html {
  const targets = providers.reduce((sum, one) => sum + (one.targets ?? 0), 0);
  const jobs = new Set(providers.map(({ job }) => job)).size;
  const fact = (value: number, text: string, tone = '') =>
    html`<div class="${tone}"><dt>${text}</dt><dd>${number(value)}</dd></div>`;
  return html`<dl class="facts">
${fact(targets, targets === 1 ? 'target' : 'targets')}
${fact(jobs, jobs === 1 ? 'job' : 'jobs')}
${fact(providers.length, providers.length === 1 ? 'provider' : 'providers')}
${fact(trouble, trouble === 1 ? 'needs attention' : 'need attention', trouble === 0 ? '' : 'warn')}
</dl>`;
}

const mostShown = 20;

/** Providers that one cause has befallen are one entry: a registry that is down would fill the page. */
function attention(trouble: readonly ProviderView[], bad: readonly OutputView[], now: number): Html {
  const groups = [...Map.groupBy(trouble, causeOf).values()];
  const left = groups.slice(mostShown).reduce((sum, group) => sum + group.length, 0);
  const rest = left + Math.max(0, bad.length - mostShown);
  return html`<section aria-labelledby="attention" class="attention"><h2 id="attention">Needs attention</h2>
<ul>${groups.slice(0, mostShown).map((group) => attentionEntry(group, now))}${bad.slice(0, mostShown).map((one) => outputAttention(one, now))}</ul>
${rest > 0 ? html`<p class="muted">and ${count(rest, 'more')}, at the top of the tables</p>` : nothing}</section>`;
}

/** State and reason, without what differs from one provider to the next: the count of failures, and paths of URLs. */
function causeOf({ state, reason }: ProviderView): string {
  const cause = reason
    .replace(/^the last (?:\d+ cycles|cycle) failed: /, '')
    .replace(/(\bhttps?:\/\/[^/\s]+)\/\S*/g, '$1')
    .replace(/\d+/g, '0');
  // Of another state each has a reason of its own, to be read.
  return JSON.stringify([state, state === 'failing' || state === 'unknown' ? cause : reason]);
}

/** Providers that are named of one entry. */
const mostNamed = 8;

function attentionEntry(group: readonly ProviderView[], now: number): Html {
  const [first] = group;
  if (first === undefined) return nothing;
  const names = group
    .slice(0, mostNamed)
    .map(
      (one, index) =>
        html`${index === 0 ? '' : ', '}<a href="${jobHref(one.job)}">${given(one.job)}</a> <span class="muted">${placeOf(one)}</span>`,
    );
  const more =
    group.length > mostNamed ? html` and ${count(group.length - mostNamed, 'more', 'more')}` : nothing;
  const heading = group.length === 1 ? nothing : html`<strong>${count(group.length, 'provider')}</strong>: `;
  const commands = [...new Set(group.map(({ command }) => command))];
  const oldest = group.map(({ status }) => status?.last_success ?? '').sort()[0] || undefined;
  return html`<li>${stateBadge(first.state)} ${heading}${names}${more}
<p>${given(first.reason)} <span class="muted">Last success: ${ago(oldest, now)}.</span></p>${commands.slice(0, mostNamed).map(commandLine)}</li>`;
}

function table(rows: readonly ProviderView[], wish: OverviewSelection, now: number): Html {
  const groups = wish.grouped ? [...Map.groupBy(rows, mechanismIn)] : [['', rows] as const];
  const column = (sort: Sort, text: string, kind = '') => {
    const isThis = sort === wish.sort;
    const direction = isThis ? html` aria-sort="${wish.reverse ? 'descending' : 'ascending'}"` : '';
    const path = href('/', queryOf(wish, { sort, reverse: isThis && !wish.reverse }));
    return html`<th scope="col" class="${kind}"${direction}><a href="${path}">${text}</a></th>`;
  };
  return html`<table class="providers"><caption class="heard">Providers</caption>
<thead><tr>${column('job', 'Job')}${column('targets', 'Targets', 'num')}${column('version', 'Version', 'wide')}${column('change', 'Last change', 'wide')}${column('success', 'Last success')}${column('state', 'State')}</tr></thead>
${groups.map(
  ([mechanism, own]) =>
    html`<tbody>${wish.grouped ? groupRow(mechanism, own) : nothing}${own.map(
      (
        one,
      ) => html`<tr><th scope="row"><a href="${jobHref(one.job)}">${given(one.job)}</a> <span class="muted">${placeOf(one)}</span></th>
<td class="num">${one.targets === undefined ? '–' : html`<a class="quiet" href="${jobHref(one.job)}#targets">${number(one.targets)}</a>`}</td>
<td class="wide">${one.status === undefined ? '–' : one.status.version === 0 ? '0' : html`<a class="quiet" href="${versionHref({ ...one, version: one.status.version })}">${number(one.status.version)}</a>`}</td>
<td class="wide">${one.status === undefined ? '–' : ago(one.status.last_change, now)}</td>
<td>${one.status === undefined ? '–' : ago(one.status.last_success, now)}</td>
<td>${stateBadge(one.state)}</td></tr>`,
    )}</tbody>`,
)}</table>`;
}

function groupRow(mechanism: string, own: readonly ProviderView[]): Html {
  const targets = own.reduce((sum, one) => sum + (one.targets ?? 0), 0);
  return html`<tr class="group"><th scope="rowgroup" colspan="6">${given(mechanism)} <span class="muted">${count(own.length, 'provider')}, ${count(targets, 'target')}</span></th></tr>`;
}

/** The stores and the folders that they are mirrored into. */
function storesTable(stores: readonly StoreView[], mirror: Verdict): Html {
  return html`<section aria-labelledby="stores"><h2 id="stores">Mirror</h2>
<div class="scrolled sheet" role="region" aria-label="Stores" tabindex="0"><table class="plain"><thead><tr><th scope="col">Store</th><th scope="col">Mirrored into</th><th scope="col" class="num">Files</th><th scope="col" class="num">Targets</th><th scope="col">State</th></tr></thead>
<tbody>${stores.map(
    ({ name, url, folder, files, targets, ready }) =>
      html`<tr><th scope="row">${name === '' ? nothing : html`${given(name)} `}<code>${given(url)}</code></th><td><code>${given(folder)}</code></td><td class="num">${number(files)}</td><td class="num">${number(targets)}</td><td>${ready ? (mirror.ok ? 'mirrored' : 'behind') : 'first round under way'}</td></tr>`,
  )}</tbody></table></div></section>`;
}

/** The kube-state outputs as a table; nothing if there are none. */
function outputsTable(outputs: readonly OutputView[], now: number): Html {
  if (outputs.length === 0) return nothing;
  return html`<section aria-labelledby="outputs"><h2 id="outputs">Kube state</h2>
<table class="providers"><caption class="heard">Kube-state outputs</caption>
<thead><tr><th scope="col">Output</th><th scope="col" class="num">Samples</th><th scope="col" class="wide">Objects</th><th scope="col">Published</th><th scope="col">State</th></tr></thead>
<tbody>${outputs.slice(0, mostOutputs).map(
    (one) => html`<tr><th scope="row">${outputName(one)}</th>
<td class="num">${one.status === undefined ? '–' : number(one.status.samples)}</td>
<td class="wide">${one.status === undefined ? '–' : number(one.status.objects)}</td>
<td>${one.status === undefined ? '–' : ago(one.published, now)}</td>
<td>${stateBadge(one.state)}${one.reason === '' || isTold(one) ? nothing : html` <span class="muted">${given(one.reason)}</span>`}</td></tr>`,
  )}</tbody></table></section>`;
}

/** An output among what needs attention. */
function outputAttention(one: OutputView, now: number): Html {
  return html`<li>${stateBadge(one.state)} <span>${outputName(one)}</span> <span class="muted">kube state</span>
<p>${given(one.reason)} <span class="muted">Last published: ${ago(one.published, now)}.</span></p>${commandLine(one.command)}</li>`;
}

const mostOutputs = 200;

/** Its reason stands above the tables. */
function isTold({ state }: OutputView): boolean {
  return needsAttention(state);
}

/** Source, where there are several, and name. */
function outputName({ source, output }: OutputView): Html {
  return source === ''
    ? html`${given(output)}`
    : html`${given(output)} <span class="muted">${given(source)}</span>`;
}
