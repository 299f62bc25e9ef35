import { type Html, html, raw } from './html.ts';

/** 12,345 */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 target`, `2 targets`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** How long ago, `12 s`, `5 min`, `3 h`, `2 d`, with the time itself for who asks. */
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

export interface VersionId {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  readonly version: number;
}

/** The page of one version. */
export function versionHref({ source, job, provider, version }: VersionId, offset?: number): string {
  return href('/version', { source, job, provider, version, offset: offset || undefined });
}

/** An icon of lines on a 16 by 16 grid, for the eye alone. */
export function icon(path: string): Html {
  return raw(
    `<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`,
  );
}
