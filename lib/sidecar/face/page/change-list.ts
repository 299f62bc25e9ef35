import { type ChangeCounts, groupChanges, type TargetChange } from '../../../target/target-changes.ts';
import type { ChangeItem } from '../feed.ts';
import { ago, clock, count, jobHref, number, versionHref } from './format.ts';
import { given, givenName, type Html, html, nothing } from './html.ts';
import { labelTable } from './target-list.ts';

/** Changes as a feed, the newest first, under headings of this level. */
export function changeList(items: readonly ChangeItem[], now: number, level: 2 | 3): Html {
  return html`<ol class="feed">${items.map((item) => changeEntry(item, now, level))}</ol>`;
}

/** Rows of a diff. With `labels`, those that came or went can be opened. */
export function diff(rows: readonly TargetChange[], labels = false): Html {
  return html`<ul class="diff">${[...groupChanges(rows)].map((group) => diffRow(group, labels))}</ul>`;
}

/** `+2 −1 ~3`, in words for who hears it. */
export function countsOf({ added, removed, changed }: ChangeCounts): Html {
  const one = (value: number, sign: string, word: string) =>
    value === 0
      ? nothing
      : html`<span class="${word}"><span aria-hidden="true">${sign}${number(value)}</span><span class="heard">${number(value)} ${word}</span></span> `;
  const all = html`${one(added, '+', 'added')}${one(removed, '−', 'removed')}${one(changed, '~', 'changed')}`;
  return html`<span class="counts">${added + removed + changed === 0 ? html`<span class="muted">no target</span>` : all}</span>`;
}

function changeEntry(item: ChangeItem, now: number, level: 2 | 3): Html {
  const { source, job, provider, version, at, head, counts, sample, problem } = item;
  const rest = counts.added + counts.removed + counts.changed - sample.length;
  const reason = head === undefined || head.reason === 'discovered' ? '' : head.reason;
  const name = html`<a href="${jobHref(job)}">${given(job)}</a> <span class="muted">${source === '' ? '' : html`${given(source)} `}${provider}</span>`;
  return html`<li>
<div class="entry">${level === 2 ? html`<h2>${name}</h2>` : html`<h3>${name}</h3>`}
<a href="${versionHref(item)}">version ${version}</a> ${countsOf(counts)}
${reason === '' ? nothing : html`<span class="reason">${reason}</span>`}
<span class="when" title="${clock(at)}">${ago(at, now)}</span></div>
${problem === undefined ? nothing : html`<p class="note bad">${given(problem)}</p>`}
${diff(sample)}
${rest > 0 ? html`<p class="rest"><a href="${versionHref(item)}">and ${count(rest, 'more target')}</a></p>` : nothing}
</li>`;
}

const signs = { added: '+', removed: '−', changed: '~' } as const;

function diffRow(group: readonly [TargetChange, ...TargetChange[]], open: boolean): Html {
  const [{ kind, source, differences, labels }] = group;
  const addresses = group.map(
    ({ address, count: copy }, index) =>
      html`${index === 0 ? '' : ', '}<span class="address">${given(address ?? 'without address')}${copy === 1 ? '' : ` #${copy}`}</span>`,
  );
  const name = html`<span class="sign" aria-hidden="true">${signs[kind]}</span><span class="heard">${kind} </span>${addresses} <span class="muted">${given(source)}</span>`;
  if (differences.length > 0) {
    const values = differences.map(
      (one) =>
        html`<li><span class="name">${givenName(one.name)}</span> ${value('del', one.before)} <span aria-hidden="true">→</span> ${value('ins', one.after)}</li>`,
    );
    return html`<li class="${kind}">${name}<ul class="${values.length === 1 ? 'single' : 'several'}">${values}</ul></li>`;
  }
  if (!open) return html`<li class="${kind}">${name}</li>`;
  return html`<li class="${kind}"><details><summary>${name}</summary>${labelTable(labels)}</details></li>`;
}

function value(element: 'del' | 'ins', text: string | undefined): Html {
  if (text === undefined) return html`<span class="muted">none</span>`;
  return element === 'del' ? html`<del>${given(text)}</del>` : html`<ins>${given(text)}</ins>`;
}
