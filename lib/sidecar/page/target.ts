import { jobOption, quoted } from '../../cycle/hints.ts';
import { rulesOf, type Settings } from '../../cycle/settings.ts';
import { addressLabel, type LabelSet, withoutEmpty } from '../../targets/group.ts';
import { identifyingLabels } from '../../targets/identifying.ts';
import { type RelabelStep, type RelabelTrace, traceRelabel } from '../../targets/relabel.ts';
import type { RelabelConfig } from '../../targets/relabel-config.ts';
import type { TargetRow } from '../search/search.ts';
import type { ProviderView } from '../serve/providers.ts';
import { diffRow } from './changes.ts';
import {
  ago,
  commandLine,
  count,
  given,
  givenName,
  type Html,
  href,
  html,
  jobHref,
  nothing,
  placeOf,
  stateBadge,
  versionHref,
} from './html.ts';
import { ruleHref, ruleLine } from './rules.ts';
import { copyButton, searchLink, targetHref, targetMark } from './target-list.ts';

/** Everything that the page of a target shows. */
export interface TargetPage {
  readonly provider: ProviderView;
  readonly address: string;
  /** The mark of the link, which tells targets of one address apart. */
  readonly mark: string;
  /** The targets of the provider with this address. */
  readonly rows: readonly TargetRow[];
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** One target: its labels before and after the rules of its job, and what each rule does to them. */
export function targetBody({ provider, address, mark, rows, now }: TargetPage): Html {
  const { job, status } = provider;
  const row = rows.find(({ labels }) => targetMark(labels) === mark) ?? rows[0];
  const head = html`<div class="headed"><h1><span class="address">${address === '' ? 'Without address' : given(address)}</span> ${copyButton(address, 'the address')}</h1>
<p><a href="${jobHref(job)}">${given(job)}</a> <span class="muted">${placeOf(provider)}</span> ${stateBadge(provider.state)}</p></div>`;
  if (row === undefined) return html`${head}${absent(provider, address)}`;
  const others = rows.filter((one) => one !== row);
  const view = viewOf(row, status?.settings);
  return html`${head}
${identity(row)}
${verdict(view)}
${others.length === 0 ? nothing : otherTargets(others)}
<div class="twin">
<section aria-labelledby="after"><h2 id="after">${view.kind === 'published' ? 'After the rules, as published' : 'After the rules'}</h2>${view.after === undefined ? html`<p class="empty">No target: ${view.kind === 'traced' && view.trace.outcome === 'dropped' ? 'a rule drops it' : 'not known'}.</p>` : labelSheet(view.after, row)}</section>
<section aria-labelledby="before"><h2 id="before">${view.kind === 'published' ? 'Before the rules' : 'Before the rules, as discovered'}</h2>${view.before === undefined ? html`<p class="empty">Muster runs the rules before it publishes: what the backend said is not kept. <code>muster explain --live</code> asks it.</p>` : labelSheet(view.before, row)}</section>
</div>
${steps(view, provider)}
<section aria-labelledby="more"><h2 id="more">More</h2>
<p class="muted">${status === undefined ? 'Its list has no status.' : html`The list is at <a href="${versionHref({ ...provider, version: status.version })}">version ${status.version}</a>, changed ${ago(status.last_change, now)}.`}</p>
${commandLine(explainCommand(provider, address))}${commandLine(lifeCommand(provider, address))}</section>`;
}

type View =
  | {
      readonly kind: 'traced';
      readonly before: LabelSet;
      readonly after: LabelSet | undefined;
      readonly trace: RelabelTrace;
    }
  | {
      readonly kind: 'published';
      readonly before: undefined;
      readonly after: LabelSet;
      readonly rules: readonly RelabelConfig[];
    }
  | { readonly kind: 'unknown'; readonly before: LabelSet; readonly after: undefined };

function viewOf({ address, labels }: TargetRow, settings: Settings | undefined): View {
  const own = withoutEmpty({ ...labels, [addressLabel]: address });
  const rules = settings && rulesOf(settings);
  if (settings === undefined || rules === undefined)
    return { kind: 'unknown', before: own, after: undefined };
  if (settings.relabel === 'publish')
    return { kind: 'published', before: undefined, after: { ...settings.scrape_labels, ...own }, rules };
  const trace = traceRelabel(own, rules, settings.scrape_labels);
  return { kind: 'traced', before: trace.discovered, after: trace.labels, trace };
}

function identity({ labels }: TargetRow): Html {
  const known = identifyingLabels(labels);
  if (known.length === 0) return nothing;
  return html`<dl class="identity">${known.map(({ name, label, value }) => html`<div><dt>${given(name)}</dt><dd>${searchLink([label, value], given(value))}</dd></div>`)}</dl>`;
}

function verdict(view: View): Html {
  if (view.kind === 'unknown')
    return html`<p class="note">Its status does not tell the rules of the job, so that only the labels are shown which discovery found. A Muster of this version writes them with its next cycle.</p>`;
  if (view.kind === 'published')
    return html`<p class="note good">Prometheus scrapes ${scrapeUrl(view.after)}.</p>`;
  const { outcome, steps: all, refusal } = view.trace;
  if (outcome === 'dropped')
    return html`<p class="note warn">Rule ${all.length} drops it: Prometheus does not scrape it. <a href="#rule-${all.length}">Which rule?</a></p>`;
  if (outcome === 'refused')
    return html`<p class="note bad">No rule drops it, but Prometheus refuses it: ${given(refusal ?? '')}.</p>`;
  return html`<p class="note good">Prometheus scrapes ${scrapeUrl(view.after ?? {})}.</p>`;
}

/** Where it is scraped, from the labels that say so. Source: prometheus/scrape, Target.URL. */
function scrapeUrl(labels: LabelSet): Html {
  const {
    __scheme__: scheme = 'http',
    __metrics_path__: path = '/metrics',
    [addressLabel]: address = '',
  } = labels;
  const parameters = Object.entries(labels).filter(([name]) => name.startsWith('__param_'));
  const query = new URLSearchParams(
    Object.fromEntries(parameters.map(([name, value]) => [name.slice('__param_'.length), value])),
  );
  const url = `${scheme}://${address}${path.startsWith('/') ? '' : '/'}${path}${query.size === 0 ? '' : `?${query}`}`;
  return html`<code class="url">${given(url)}</code> ${copyButton(url, 'the URL')}`;
}

function otherTargets(rows: readonly TargetRow[]): Html {
  return html`<details class="others"><summary>${count(rows.length, 'other target')} of this provider ${rows.length === 1 ? 'has' : 'have'} this address</summary>
<ul>${rows.slice(0, 50).map((row) => html`<li><a href="${targetHref(row)}">${identifyingLabels(row.labels).map(({ name, value }) => html`<span class="chip"><span class="name">${given(name)}</span>${given(value)}</span> `)}</a></li>`)}</ul></details>`;
}

/** All labels, each with a button that copies it and, where the published list has it, its search. */
function labelSheet(labels: LabelSet, published: TargetRow): Html {
  const isPublished = (name: string, value: string) =>
    name === addressLabel ? value === published.address : value === published.labels[name];
  const fields = Object.entries(labels).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const yaml = fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return html`<div class="sheet labelsheet"><dl class="labels">${fields.map(
    ([name, value]) =>
      html`<div><dt>${givenName(name)}</dt><dd>${isPublished(name, value) ? searchLink([name, value], given(value)) : given(value)} ${copyButton(value, name)}</dd></div>`,
  )}</dl>${copyButton(`{${yaml}}`, 'all labels', 'Copy all')}</div>`;
}

/** What people look for comes before what machines read. */
function rank(name: string): number {
  if (name === addressLabel) return 0;
  return name.startsWith('__meta_') ? 2 : name.startsWith('__') ? 3 : 1;
}

function steps(view: View, provider: ProviderView): Html {
  if (view.kind === 'unknown') return nothing;
  if (view.kind === 'published') {
    return html`<section aria-labelledby="rules"><h2 id="rules">Rules</h2>
<ol class="steps">${view.rules.map((rule, index) => html`<li id="rule-${index + 1}"><div class="rule"><span class="n">${index + 1}</span>${ruleLine(rule)}</div></li>`)}</ol></section>`;
  }
  const all = view.trace.steps;
  const rules = provider.status?.settings?.relabel_configs?.length ?? all.length;
  if (rules === 0) return html`<p class="muted">The job has no relabel rules.</p>`;
  return html`<section aria-labelledby="rules"><h2 id="rules">Step by step</h2>
<ol class="steps">${all.map((step, index) => stepItem(step, index, provider))}</ol>
${all.length < rules ? html`<p class="muted">${count(rules - all.length, 'more rule')}: the target does not reach ${rules - all.length === 1 ? 'it' : 'them'}.</p>` : nothing}</section>`;
}

function stepItem({ rule, value, changes, drops }: RelabelStep, index: number, { job }: ProviderView): Html {
  const outcome = drops
    ? html`<span class="state warn">drops it</span> <a href="${ruleHref(job, index)}">All that it drops</a>`
    : changes.length === 0
      ? html`<span class="muted">no change</span>`
      : nothing;
  const looked =
    rule.source_labels.length === 0
      ? nothing
      : html`<p class="looked"><span class="muted">looked at</span> <code>${given(value === '' ? '""' : value)}</code></p>`;
  return html`<li id="rule-${index + 1}" class="${drops ? 'drops' : changes.length === 0 ? 'idle' : ''}"><div class="rule"><span class="n">${index + 1}</span>${ruleLine(rule)} <span class="outcome">${outcome}</span></div>
${looked}${changes.length === 0 ? nothing : html`<ul class="diff">${changes.map((one) => html`<li class="changed">${diffRow(one)}</li>`)}</ul>`}</li>`;
}

/** What is said of a target that is not in the list. */
function absent(provider: ProviderView, address: string): Html {
  const { job, status } = provider;
  const held =
    status?.held === undefined ? nothing : html`<p class="note warn">${given(status.held.message)}</p>`;
  return html`<p class="note warn">The list of this provider has no target with this address now.</p>${held}
<ul class="links"><li><a href="${href('/targets', { q: `address=${address}` })}">The same address in all jobs</a></li>
<li><a href="${href('/changes', { job, provider: provider.provider })}">What changed in its list</a></li></ul>
<p class="muted">When it left, why, and what left with it:</p>
${commandLine(explainCommand(provider, address))}${commandLine(lifeCommand(provider, address))}`;
}

/** Says what became of a target. */
function explainCommand({ job, provider }: ProviderView, address: string): string {
  return `muster explain ${quoted(address)} ${jobOption(job)} --provider ${provider}`;
}

/** Prints the life of a target. */
function lifeCommand({ job, provider }: ProviderView, address: string): string {
  return `muster history ${jobOption(job)} --provider ${provider} --target ${quoted(address)}`;
}
