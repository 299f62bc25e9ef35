import { heldCommand } from '../../../discovery/hints.ts';
import type { HeldPage, HeldView } from '../held.ts';
import { diff } from './change-list.ts';
import { ago, clock, count, number } from './format.ts';
import { given, type Html, html, nothing } from './html.ts';
import { commandLine, placeOf } from './state.ts';

/** What is held, each as the change that it would be; nothing where nothing is. */
export function heldSections({ items, more }: HeldPage, now: number): Html {
  if (items.length === 0) return nothing;
  return html`<section aria-labelledby="held"><h2 id="held">Held</h2>
${items.map((one) => heldSection(one, now))}
${more === 0 ? nothing : html`<p class="muted">and of ${count(more, 'more provider')}; <code>muster held</code> prints it all</p>`}</section>`;
}

function heldSection(one: HeldView, now: number): Html {
  const { message, since, until, targets, listed, command, rows, document, problem } = one;
  const accepted = document?.memory.accepted?.until;
  const rest = targets - rows.length;
  return html`<article class="sheet held"><h3>${placeOf(one)}</h3>
<p class="why">${given(message)}</p>
<p class="muted">Held since ${ago(since, now)}, ${clock(since)}. The last listing has ${count(listed, 'target')}. ${leaves(until)}</p>
${accepted === undefined ? nothing : html`<p>Accepted until ${clock(accepted)}: the next cycle lets it go.</p>`}
${commandLine(command)}
${problem === undefined ? nothing : html`<p class="note bad">What is held cannot be shown: ${given(problem)}</p>`}
${rows.length === 0 ? nothing : html`<p>${count(targets, 'target')} would be removed:</p>${diff(rows, true)}`}
${rows.length > 0 && rest > 0 ? html`<p class="rest muted">and ${number(rest)} more; <code>${given(heldCommand(one))}</code> prints up to a thousand</p>` : nothing}</article>`;
}

function leaves(until: string | undefined): Html {
  return until === undefined
    ? html`It does not go by itself, but once the listing has it again, or it is accepted.`
    : html`It goes by itself at ${clock(until)}, if the listings stay as they are.`;
}
