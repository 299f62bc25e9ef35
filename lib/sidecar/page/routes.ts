import { type Context, Hono } from 'hono';
import { readRequestQuery } from '../serve/answer.ts';
import type { RequestEnv } from '../serve/http.ts';
import type { SidecarModel } from '../serve/model.ts';
import { changesBody, listBody, versionBody } from './changes.ts';
import { givenText, type Html, html } from './html.ts';
import { jobBody } from './job.ts';
import { assetRoutes, pageAnswer } from './layout.ts';
import { type OverviewSelection, overviewBody, sortKeys } from './overview.ts';
import { droppedBody } from './rules.ts';
import { targetBody } from './target.ts';
import { searchForm, targetResults } from './target-list.ts';
import { ranges, startOf } from './timeline.ts';

/** Rows of a page that lists targets, and of one that lists changes. */
const pageSizes = { targets: 50, changes: 30, diff: 200, recent: 3, held: 50 } as const;

/** The page: `/`, `/jobs/<job>`, `/targets`, `/target`, `/dropped`, `/changes`, `/version`, `/list`. All of it reads without JavaScript. */
export function pageRoutes(model: SidecarModel): Hono<{ Bindings: RequestEnv }> {
  const queryOf = (context: Context, limit: number) => {
    const query = readRequestQuery(context, { limit, most: limit });
    const page = numberOf(context, 'page');
    const offset = page === undefined || page === 0 ? query.offset : (page - 1) * query.limit;
    return { ...query, offset, signal: context.req.raw.signal };
  };

  async function jobPage(context: Context, job: string | undefined): Promise<Response> {
    if (job === undefined) return context.redirect('/');
    const { q, offset, limit, signal } = queryOf(context, pageSizes.targets);
    const { providers } = await model.overview();
    const own = providers.filter((one) => one.job === job);
    if (own.length === 0) return missing(`There is no job ${givenText(job)}`);
    const range = ranges.find((one) => one === context.req.query('range')) ?? 'all';
    const [held, history, changes, result] = await Promise.all([
      model.held({ job, offset: 0, limit: pageSizes.held, signal }),
      model.history(job, startOf(range, model.now())),
      model.changes({ job, limit: pageSizes.recent, signal }),
      model.search({ text: q, job, offset, limit, signal }),
    ]);
    const page = {
      job,
      providers: own,
      held,
      history,
      range,
      changes,
      result,
      text: q,
      offset,
      limit,
      now: model.now(),
    };
    return pageAnswer({ title: `${givenText(job)} · Muster`, live: true, body: jobBody(page) });
  }

  return new Hono<{ Bindings: RequestEnv }>()
    .route('/', assetRoutes())
    .get('/', async (context) => {
      const [overview, outputs] = await Promise.all([model.overview(), model.outputs()]);
      const body = overviewBody(model, {
        overview,
        outputs,
        wish: wishOf(context, queryOf(context, 200).offset),
      });
      return pageAnswer({ title: 'Muster', tab: 'overview', live: true, body });
    })
    .get('/jobs', (context) => jobPage(context, queryOf(context, 1).job))
    .get('/jobs/:job{.+}', (context) => jobPage(context, context.req.param('job')))
    .get('/targets', async (context) => {
      const { q, offset, limit, signal } = queryOf(context, pageSizes.targets);
      const result = await model.search({ text: q, offset, limit, signal });
      const path = { path: '/targets', query: { q }, anchor: 'results' };
      const results = targetResults({ result, text: q, offset, limit, path, places: 'jobs' });
      const body = html`<h1>Targets</h1>${searchForm('/targets', q, 'Search all targets')}<div id="results">${results}</div>`;
      return pageAnswer({ title: 'Targets · Muster', tab: 'targets', body });
    })
    .get('/target', async (context) => {
      const { job, provider, source, signal } = queryOf(context, 1);
      const address = (context.req.query('address') ?? '').slice(0, longestAddress);
      const mark = context.req.query('id') ?? '';
      const { providers } = await model.overview();
      const found = providers.find((one) => isOf(one, { source, job: job ?? '', provider: provider ?? '' }));
      if (found === undefined) return missing('There is no such provider');
      const rows = await model.targetsAt({
        source,
        job: found.job,
        provider: found.provider,
        address,
        signal,
      });
      const body = targetBody({ provider: found, address, mark, rows, now: model.now() });
      const title = `${givenText(address)} · ${givenText(found.job)} · Muster`;
      return pageAnswer({ title, tab: 'targets', live: true, status: rows.length === 0 ? 404 : 200, body });
    })
    .get('/dropped', async (context) => {
      const { job, offset, limit, signal } = queryOf(context, pageSizes.targets);
      const number = numberOf(context, 'rule') ?? 0;
      const rule = number === 0 ? undefined : number - 1;
      if (job === undefined) return context.redirect('/');
      const { providers } = await model.overview();
      const own = providers.filter((one) => one.job === job);
      if (own.length === 0) return missing(`There is no job ${givenText(job)}`);
      const result = await model.dropped({ job, rule, offset, limit, signal });
      const body = droppedBody({ job, providers: own, result, rule, offset, limit });
      return pageAnswer({ title: `Dropped by rules · ${givenText(job)} · Muster`, body });
    })
    .get('/changes', async (context) => {
      const { job, provider, before, limit, signal } = queryOf(context, pageSizes.changes);
      const [{ errors }, page] = await Promise.all([
        model.overview(),
        model.changes({ job, provider, before, limit, signal }),
      ]);
      const body = changesBody({ ...page, errors, job, provider, limit, now: model.now() });
      return pageAnswer({ title: 'Changes · Muster', tab: 'changes', live: before === undefined, body });
    })
    .get('/list', async (context) => {
      const { q, job, provider, source, offset, limit, signal } = queryOf(context, pageSizes.targets);
      const version = numberOf(context, 'version') ?? 0;
      if (job === undefined || provider === undefined || version === 0) return context.redirect('/changes');
      const which = { source, job, provider, version };
      const [detail, result, { providers }] = await Promise.all([
        model.change({ ...which, offset: 0, limit: 0, signal }),
        model.past({ ...which, text: q, offset, limit, signal }),
        model.overview(),
      ]);
      if (detail === undefined) return missing('The journal has no such version');
      const newest = providers.find((one) => isOf(one, which))?.status?.version;
      const page = { ...which, head: detail.head, newest, result, text: q, offset, limit, now: model.now() };
      const title = `${givenText(job)} as of version ${version} · Muster`;
      return pageAnswer({ title, tab: 'changes', body: listBody(page) });
    })
    .get('/version', async (context) => {
      const { job, provider, source, offset, limit, signal } = queryOf(context, pageSizes.diff);
      const version = Number(context.req.query('version'));
      if (job === undefined || provider === undefined || !(version > 0)) return context.redirect('/changes');
      const which = { source, job, provider, version };
      const [detail, { providers }] = await Promise.all([
        model.change({ ...which, offset, limit, signal }),
        model.overview(),
      ]);
      if (detail === undefined) return missing('The journal has no such version');
      const newest = providers.find((one) => isOf(one, which))?.status?.version;
      const body = versionBody({ ...which, detail, newest, offset, limit, now: model.now() });
      return pageAnswer({ title: `${givenText(job)} version ${version} · Muster`, tab: 'changes', body });
    });
}

/** Characters of an address that is asked for. */
const longestAddress = 2000;

/** A whole number of the query; `undefined` for anything else. */
function numberOf({ req }: Context, name: string): number | undefined {
  const text = req.query(name);
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

function wishOf({ req }: Context, offset: number): OverviewSelection {
  return {
    filter: (req.query('q') ?? '').trim().slice(0, 200),
    sort: sortKeys.find((one) => one === req.query('sort')) ?? 'state',
    reverse: req.query('dir') === 'reverse',
    grouped: req.query('group') === 'mechanism',
    offset,
  };
}

function isOf(
  one: { readonly source: string; readonly job: string; readonly provider: string },
  { source, job, provider }: typeof one,
): boolean {
  return one.source === source && one.job === job && one.provider === provider;
}

/** The page for what is not there. */
export function missing(text: string): Promise<Response> {
  const body: Html = html`<h1>${text}</h1><p><a href="/">All providers</a></p>`;
  return pageAnswer({ title: `${text} · Muster`, status: 404, body });
}
