import type { OutputView } from '../outputs.ts';
import { ago, number } from './format.ts';
import { given, type Html, html, nothing } from './html.ts';
import { commandLine, needsAttention, stateBadge } from './state.ts';

/** The kube-state outputs as a table; nothing where there are none. */
export function outputsTable(outputs: readonly OutputView[], now: number): Html {
  if (outputs.length === 0) return nothing;
  return html`<section aria-labelledby="outputs"><h2 id="outputs">Kube state</h2>
<table class="providers"><caption class="heard">Kube-state outputs</caption>
<thead><tr><th scope="col">Output</th><th scope="col" class="num">Samples</th><th scope="col" class="wide">Objects</th><th scope="col">Published</th><th scope="col">State</th></tr></thead>
<tbody>${outputs.slice(0, mostShown).map(
    (one) => html`<tr><th scope="row">${outputName(one)}</th>
<td class="num">${one.status === undefined ? '–' : number(one.status.samples)}</td>
<td class="wide">${one.status === undefined ? '–' : number(one.status.objects)}</td>
<td>${one.status === undefined ? '–' : ago(one.published, now)}</td>
<td>${stateBadge(one.state)}${one.reason === '' || isTold(one) ? nothing : html` <span class="muted">${given(one.reason)}</span>`}</td></tr>`,
  )}</tbody></table></section>`;
}

/** An output among what needs attention. */
export function outputAttention(one: OutputView, now: number): Html {
  return html`<li>${stateBadge(one.state)} <span>${outputName(one)}</span> <span class="muted">kube state</span>
<p>${given(one.reason)} <span class="muted">Last published: ${ago(one.published, now)}.</span></p>${commandLine(one.command)}</li>`;
}

const mostShown = 200;

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
