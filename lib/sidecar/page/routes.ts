import { type Context, Hono } from 'hono';
import { readRequestQuery } from '../serve/answer.ts';
import type { RequestEnv } from '../serve/http.ts';
import type { SidecarModel } from '../serve/model.ts';
import { changesBody, versionBody } from './changes.ts';
import { givenText, type Html, href, html } from './html.ts';
import { jobBody } from './job.ts';
import { assetRoutes, pageAnswer } from './layout.ts';
import { overviewBody } from './overview.ts';
import { searchForm, targetResults } from './target-list.ts';

/** Rows of a page that lists targets, and of one that lists changes. */
const pageSizes = { targets: 50, changes: 30, diff: 200, recent: 3, held: 50 } as const;

/** The page: `/`, `/jobs/<job>`, `/targets`, `/changes`, `/version`. All of it reads without JavaScript. */
export function pageRoutes(model: SidecarModel): Hono<{ Bindings: RequestEnv }> {
  const queryOf = (context: Context, limit: number) => ({
    ...readRequestQuery(context, { limit, most: limit }),
    signal: context.req.raw.signal,
  });

  async function jobPage(context: Context, job: string | undefined): Promise<Response> {
    if (job === undefined) return context.redirect('/');
    const { q, offset, limit, signal } = queryOf(context, pageSizes.targets);
    const { providers } = await model.overview();
    const own = providers.filter((one) => one.job === job);
    if (own.length === 0) return missing(`There is no job ${givenText(job)}`);
    const [held, points, changes, result] = await Promise.all([
      model.held({ job, offset: 0, limit: pageSizes.held, signal }),
      model.history(job),
      model.changes({ job, limit: pageSizes.recent, signal }),
      model.search({ text: q, job, offset, limit, signal }),
    ]);
    const page = {
      job,
      providers: own,
      held,
      points,
      changes,
      result,
      text: q,
      offset,
      limit,
      now: model.now(),
    };
    return pageAnswer({ title: `${givenText(job)} · Muster`, body: jobBody(page) });
  }

  return new Hono<{ Bindings: RequestEnv }>()
    .route('/', assetRoutes())
    .get('/', async (context) => {
      const { offset } = queryOf(context, 1);
      const [overview, outputs] = await Promise.all([model.overview(), model.outputs()]);
      const body = overviewBody(model, { overview, outputs, offset });
      return pageAnswer({ title: 'Muster', tab: 'overview', live: true, body });
    })
    .get('/jobs', (context) => jobPage(context, queryOf(context, 1).job))
    .get('/jobs/:job{.+}', (context) => jobPage(context, context.req.param('job')))
    .get('/targets', async (context) => {
      const { q, offset, limit, signal } = queryOf(context, pageSizes.targets);
      const result = await model.search({ text: q, offset, limit, signal });
      const at = (next: number) => href('/targets', { q, offset: next || undefined });
      const results = targetResults({ result, text: q, offset, limit, at, places: 'jobs' });
      const body = html`<h1>Targets</h1>${searchForm('/targets', q, 'Search all targets')}<div id="results">${results}</div>`;
      return pageAnswer({ title: 'Targets · Muster', tab: 'targets', body });
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
