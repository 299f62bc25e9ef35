import type { State } from '../serve/providers.ts';
import { given, type Html, html, nothing } from './html.ts';

/** Words for a state: colour is never all that tells. */
const words: Readonly<
  Record<State, { readonly text: string; readonly tone: 'bad' | 'warn' | 'calm' | 'good' }>
> = {
  failing: { text: 'failing', tone: 'bad' },
  held: { text: 'held', tone: 'warn' },
  stale: { text: 'stale', tone: 'bad' },
  missing: { text: 'not mirrored', tone: 'warn' },
  orphaned: { text: 'not in the store', tone: 'warn' },
  refused: { text: 'refused', tone: 'warn' },
  damaged: { text: 'damaged', tone: 'warn' },
  confirmed: { text: 'confirmed by time', tone: 'warn' },
  retiring: { text: 'retiring', tone: 'calm' },
  behind: { text: 'catching up', tone: 'calm' },
  unknown: { text: 'no status', tone: 'calm' },
  ok: { text: 'ok', tone: 'good' },
};

export function stateBadge(state: State): Html {
  const { text, tone } = words[state];
  return html`<span class="state ${tone}">${text}</span>`;
}

/** Whether somebody should look. */
export function needsAttention(state: State): boolean {
  return words[state].tone === 'bad' || words[state].tone === 'warn';
}

/** A command to be pasted into a terminal; nothing where there is none. */
export function commandLine(command: string | undefined): Html {
  return command === undefined ? nothing : html`<p><code class="command">${given(command)}</code></p>`;
}

/** Source, where there are several, and provider. */
export function placeOf({ source, provider }: { readonly source: string; readonly provider: string }): Html {
  return source === '' ? html`${given(provider)}` : html`${given(source)} ${given(provider)}`;
}
