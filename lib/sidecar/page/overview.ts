import type { SidecarModel } from '../serve/model.ts';
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
} from './html.ts';
import { paging } from './target-list.ts';

const pageSize = 200;

interface Shown {
  readonly overview: Overview;
  readonly outputs: Outputs;
  /** Of the providers. */
  readonly offset: number;
}

/** How everything does, what is worst first. */
export function overviewBody(
  model: Pick<SidecarModel, 'now' | 'mirror' | 'configuration'>,
  { overview, outputs: found, offset }: Shown,
): Html {
  const { providers } = overview;
  const { outputs } = found;
  const errors = [...new Set([...overview.errors, ...found.errors])];
  const now = model.now();
  const mirror = model.mirror();
  const trouble = providers.filter(({ state }) => needsAttention(state));
  const bad = outputs.filter(({ state }) => needsAttention(state));
  const rows = providers.slice(offset, offset + pageSize);
  const at = (next: number) => href('/', { offset: next || undefined });
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
${providers.length === 0 ? nothing : table(rows, now)}
${paging({ offset, limit: pageSize, total: providers.length, at })}
${offset === 0 ? outputsTable(outputs, now) : nothing}`;
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

function table(rows: readonly ProviderView[], now: number): Html {
  return html`<table class="providers"><caption class="heard">Providers</caption>
<thead><tr><th scope="col">Job</th><th scope="col" class="num">Targets</th><th scope="col" class="wide">Version</th><th scope="col" class="wide">Last change</th><th scope="col">Last success</th><th scope="col">State</th></tr></thead>
<tbody>${rows.map(
    (
      one,
    ) => html`<tr><th scope="row"><a href="${jobHref(one.job)}">${given(one.job)}</a> <span class="muted">${placeOf(one)}</span></th>
<td class="num">${one.targets === undefined ? '–' : number(one.targets)}</td>
<td class="wide">${one.status === undefined ? '–' : number(one.status.version)}</td>
<td class="wide">${one.status === undefined ? '–' : ago(one.status.last_change, now)}</td>
<td>${one.status === undefined ? '–' : ago(one.status.last_success, now)}</td>
<td>${stateBadge(one.state)}</td></tr>`,
  )}</tbody></table>`;
}

/** The kube-state outputs as a table; nothing where there are none. */
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
