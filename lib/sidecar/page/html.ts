import { html, raw } from 'hono/html';
import type { State } from '../serve/providers.ts';

export { html, raw };

/** A piece of a page: what it was made of is escaped. */
export type Html = ReturnType<typeof html>;

/** The empty piece. */
export const nothing: Html = raw('');

/**
 * Foreign text, as data: in its own direction, and with characters that cannot be seen, or that
 * turn the direction of what follows, spelled out.
 */
export function given(text: string): Html {
  return html`<bdi>${piecesOf(text)}</bdi>`;
}

/** As `given`, for the name of a label, which may be broken where its words end. */
export function givenName(name: string): Html {
  const words = name.split(/(?<=[^_]_+)(?=[^_])/);
  return html`<bdi>${words.map((word, index) => html`${index === 0 ? '' : html`<wbr>`}${piecesOf(word)}`)}</bdi>`;
}

/** The same for an attribute or a title, which hold text alone. */
export function givenText(text: string): string {
  return text.toWellFormed().replace(unseen, spell);
}

/** A field of a form that nobody sees: the value is sent as it is, but no unseen character stands in the page. */
export function hiddenField(name: string, value: string | number): Html {
  const text = String(value)
    .toWellFormed()
    .replace(/[&<>"']|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `&#${one.codePointAt(0)};`);
  return html`<input type="hidden" name="${name}" value="${raw(text)}">`;
}

/** As `given`, with each of the words marked, in any case. */
export function marked(text: string, words: readonly string[]): Html {
  const sought = words
    .filter((word) => word !== '')
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  if (sought.length === 0) return given(text);
  const parts = text.split(new RegExp(`(${sought.join('|')})`, 'gi'));
  // With one group in the expression, every second part is what it found.
  return html`<bdi>${parts.map((part, index) => (index % 2 === 1 ? html`<mark>${piecesOf(part)}</mark>` : piecesOf(part)))}</bdi>`;
}

/** Control and format characters, and line and paragraph separators. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function piecesOf(text: string): readonly Html[] {
  const parts = text.toWellFormed().split(/([\p{Cc}\p{Cf}\p{Zl}\p{Zp}])/u);
  return parts.map((part, index) =>
    index % 2 === 1 ? html`<span class="unseen">${spell(part)}</span>` : html`${part}`,
  );
}

function spell(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A number as in `12,345`. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 target`, `2 targets`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/**
 * How long ago: `12 s`, `5 min`, `3 h`, `2 d`, with the time itself as a tooltip. `now` is in milliseconds of Unix
 * time.
 */
export function ago(time: string | undefined, now: number): Html {
  if (time === undefined) return html`<span class="muted">never</span>`;
  return html`<time datetime="${time}" title="${clock(time)}">${age(now - Date.parse(time))} ago</time>`;
}

/** `12 s`, `5 min`, `3 h`, `2 d`. */
function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `2026-03-01 12:00:05 UTC` */
export function clock(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** A path with its query; absent values are left out. */
export function href(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
  return search.size === 0 ? path : `${path}?${search}`;
}

/** The page of a job. A browser would take the dots of `.` and `..` for folders. */
export function jobHref(
  job: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  return /^\.\.?$/.test(job)
    ? href('/jobs', { job, ...query })
    : href(`/jobs/${encodeURIComponent(job)}`, query);
}

/** A version of the list of one provider. */
export interface VersionId {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  readonly version: number;
}

/** The page of one version: what changed. */
export function versionHref({ source, job, provider, version }: VersionId): string {
  return href('/version', { source, job, provider, version });
}

/** The page of the whole list as it was after a version. */
export function listHref({ source, job, provider, version }: VersionId): string {
  return href('/list', { source, job, provider, version });
}

/** An icon of lines on a 16 by 16 grid, for the eye alone. */
export function icon(path: string): Html {
  return raw(
    `<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`,
  );
}

/** Words for a state. Colour alone never carries the meaning. */
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
  pinned: { text: 'pinned', tone: 'warn' },
  confirmed: { text: 'confirmed by time', tone: 'warn' },
  retiring: { text: 'retiring', tone: 'calm' },
  behind: { text: 'catching up', tone: 'calm' },
  unknown: { text: 'no status', tone: 'calm' },
  ok: { text: 'ok', tone: 'good' },
};

/** The state in words. */
export function stateText(state: State): string {
  return words[state].text;
}

/** The state in a word and a colour. */
export function stateBadge(state: State): Html {
  const { text, tone } = words[state];
  return html`<span class="state ${tone}">${text}</span>`;
}

/** Whether somebody should look. */
export function needsAttention(state: State): boolean {
  return words[state].tone === 'bad' || words[state].tone === 'warn';
}

/** A command to be pasted into a terminal; nothing if there is none. */
export function commandLine(command: string | undefined): Html {
  return command === undefined ? nothing : html`<p><code class="command">${given(command)}</code></p>`;
}

/** Source, where there are several, and provider. */
export function placeOf({ source, provider }: { readonly source: string; readonly provider: string }): Html {
  return source === '' ? html`${given(provider)}` : html`${given(source)} ${given(provider)}`;
}
