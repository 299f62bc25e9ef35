import { formatDuration } from '../../config/fields.ts';
import { printRule } from '../../config/relabel.ts';
import { rulesOf, type Settings } from '../../cycle/settings.ts';
import { identifyingLabels } from '../../targets/identifying.ts';
import type { RelabelConfig } from '../../targets/relabel-config.ts';
import type { DroppedResult } from '../search/dropped.ts';
import type { ProviderView } from '../serve/providers.ts';
import { count, given, type Html, href, html, jobHref, nothing, number } from './html.ts';
import { copyButton, paging, targetHref } from './target-list.ts';

/** A rule as a line of YAML. */
export function ruleLine(rule: RelabelConfig): Html {
  return html`<code>${given(printRule(rule))}</code>`;
}

/** The page of the targets that a rule of a job drops, by its index from 0, or that all its rules drop. */
export function ruleHref(job: string, rule?: number): string {
  return href('/dropped', { job, rule: rule === undefined ? undefined : rule + 1 });
}

/** How the providers of a job are configured, as far as their statuses say. */
export function settingsSection(job: string, providers: readonly ProviderView[]): Html {
  const known = providers.flatMap(({ provider, status }) =>
    status?.settings === undefined ? [] : [{ provider, settings: status.settings }],
  );
  const [first] = known;
  if (first === undefined) return nothing;
  const rules = rulesOf(first.settings);
  return html`<section aria-labelledby="settings"><h2 id="settings">Settings</h2>
<div class="sheet scrolled" role="region" aria-label="Settings of the providers" tabindex="0"><table class="plain"><thead><tr><th scope="col">Provider</th><th scope="col">Server</th><th scope="col">Every</th><th scope="col">Rules run by</th><th scope="col">Labels</th><th scope="col">Removals wait</th></tr></thead>
<tbody>${known.slice(0, mostProviders).map(({ provider, settings }) => settingsRow(provider, settings))}</tbody></table></div>
${known.length > mostProviders ? html`<p class="muted">and ${count(known.length - mostProviders, 'more provider')}</p>` : nothing}
<h3 class="sub">Relabel rules</h3>${rules === undefined ? html`<p class="muted">They are too long for the status.</p>` : ruleList(job, rules, first.settings)}</section>`;
}

const mostProviders = 20;

function settingsRow(provider: string, settings: Settings): Html {
  const { server, refresh_interval_seconds: every, relabel, labels, guard } = settings;
  const empty = guard.confirm_empty_after_seconds;
  const until = empty === 'never' ? 'if all: until accepted' : `if all: for ${seconds(empty)}`;
  return html`<tr><th scope="row">${given(provider)}</th><td class="long">${given(server)}</td><td>${seconds(every)}</td><td>${relabel === 'publish' ? 'Muster' : 'Prometheus'}</td><td>${labels}</td>
<td>above ${number(Math.round(guard.max_removed * 100))} % of ${guard.min_targets} or more: for ${seconds(guard.confirm_after_seconds)}; ${until}</td></tr>`;
}

function seconds(value: number): string {
  return formatDuration(value * 1000);
}

function ruleList(job: string, rules: readonly RelabelConfig[], { relabel }: Settings): Html {
  if (rules.length === 0) return html`<p class="muted">The job has none.</p>`;
  const drops = ({ action }: RelabelConfig) => /^(?:keep|drop)/.test(action);
  const link = (index: number) =>
    relabel === 'prometheus' ? html` <a href="${ruleHref(job, index)}">What it drops</a>` : nothing;
  return html`<ol class="steps">${rules.map((rule, index) => html`<li><div class="rule"><span class="n">${index + 1}</span>${ruleLine(rule)} <span class="outcome">${drops(rule) ? link(index) : nothing} ${copyButton(printRule(rule), `rule ${index + 1}`)}</span></div></li>`)}</ol>
${relabel === 'publish' ? html`<p class="muted">Muster runs them before it publishes: what they drop is not in the store. <code>muster explain --live</code> shows it.</p>` : rules.some(drops) ? html`<p><a href="${ruleHref(job)}">All targets that a rule drops</a></p>` : nothing}`;
}

/** Everything that the page of dropped targets shows. */
export interface DroppedPage {
  readonly job: string;
  readonly providers: readonly ProviderView[];
  readonly result: DroppedResult;
  /** Index of the only rule that is shown. */
  readonly rule: number | undefined;
  readonly offset: number;
  /** The most rows to show. */
  readonly limit: number;
}

/** The targets that the rules of a job drop, each with its rule. */
export function droppedBody({ job, providers, result, rule, offset, limit }: DroppedPage): Html {
  const settings = providers.find(({ status }) => status?.settings !== undefined)?.status?.settings;
  const rules = settings && rulesOf(settings);
  const { rows, counts, judged, complete, problems } = result;
  const total = rule === undefined ? counts.reduce((sum, one = 0) => sum + one, 0) : (counts[rule] ?? 0);
  const path = {
    path: '/dropped',
    query: { job, rule: rule === undefined ? undefined : rule + 1 },
    anchor: 'list',
  };
  return html`<div class="headed"><h1>Dropped by rules <span class="of">of <a href="${jobHref(job)}">${given(job)}</a></span></h1>${rule === undefined ? nothing : html`<a href="${ruleHref(job)}">By all rules</a>`}</div>
${problems.map((problem) => html`<p class="note bad">${given(problem)}</p>`)}
${
  rules === undefined
    ? html`<p class="empty">The status does not tell the rules of this job.</p>`
    : settings?.relabel === 'publish'
      ? html`<p class="empty">Muster runs the rules of this job before it publishes: what they drop is not in the store.</p>`
      : html`<p>${count(total, 'target')} of ${number(judged)}${complete ? '' : ' that were judged in the time given'} ${total === 1 ? 'is' : 'are'} dropped${rule === undefined ? '' : html` by rule ${rule + 1}`}.</p>
${ruleCounts(job, rules, counts, rule)}`
}
<div id="list">${
    rows.length === 0
      ? nothing
      : html`<ul class="targets dropped">${rows.map(
          (row) =>
            html`<li><p class="which"><a class="address" href="${targetHref(row)}">${row.address === '' ? 'without address' : given(row.address)}</a></p>
<p class="chips">${identifyingLabels(row.labels).map(({ name, value }) => html`<span class="chip"><span class="name">${given(name)}</span>${given(value)}</span> `)}</p><p class="by"><a href="${ruleHref(job, row.rule)}">rule ${row.rule + 1}</a> <span class="muted">looked at</span> <code>${given(row.value === '' ? '""' : row.value)}</code></p></li>`,
        )}</ul>`
  }
${paging({ offset, limit, total, path })}</div>`;
}

function ruleCounts(
  job: string,
  rules: readonly RelabelConfig[],
  counts: readonly number[],
  only: number | undefined,
): Html {
  const shown = rules.flatMap((rule, index) => {
    const dropped = counts[index] ?? 0;
    return (only === undefined ? dropped > 0 : index === only) ? [{ rule, index, dropped }] : [];
  });
  return html`<ol class="steps">${shown.map(({ rule, index, dropped }) => html`<li><div class="rule"><span class="n">${index + 1}</span>${ruleLine(rule)} <span class="outcome"><a href="${ruleHref(job, index)}">${count(dropped, 'target')}</a></span></div></li>`)}</ol>`;
}
