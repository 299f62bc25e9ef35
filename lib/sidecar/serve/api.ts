import { type Context, Hono } from 'hono';
import { jsonAnswer, type RequestQuery, readRequestQuery } from './answer.ts';
import type { ChangeItem } from './change-feed.ts';
import { heldViewData } from './held.ts';
import type { RequestEnv } from './http.ts';
import type { SidecarModel } from './model.ts';

/** What the page shows, as JSON: `/api/v1/providers`, `/outputs`, `/held`, `/targets`, `/list`, `/changes`, `/history`. */
export function apiRoutes(model: SidecarModel): Hono<{ Bindings: RequestEnv }> {
  const queryOf = (context: Context): RequestQuery => readRequestQuery(context, { limit: 100, most: 1000 });
  return new Hono<{ Bindings: RequestEnv }>()
    .get('/providers', async () => {
      const { providers, errors } = await model.overview();
      const { ok, reason } = model.mirror();
      const configuration = model.configuration();
      return jsonAnswer({
        mirror: { ok, reason },
        configuration,
        errors,
        providers,
      });
    })
    .get('/outputs', async () => jsonAnswer(await model.outputs()))
    .get('/held', async (context) => {
      const { job, offset, limit } = queryOf(context);
      const { items, more } = await model.held({ job, offset, limit, signal: context.req.raw.signal });
      return jsonAnswer({ offset, limit, items: items.map(heldViewData), more });
    })
    .get('/targets', async (context) => {
      const { q, job, offset, limit } = queryOf(context);
      const { signal } = context.req.raw;
      return jsonAnswer({ offset, limit, ...(await model.search({ text: q, job, offset, limit, signal })) });
    })
    .get('/list', async (context) => {
      const { q, job, provider, source, offset, limit } = queryOf(context);
      const version = Number(context.req.query('version'));
      const { signal } = context.req.raw;
      if (job === undefined || provider === undefined || !(version > 0))
        return jsonAnswer({ error: 'name a list: ?job=…&provider=…&version=…' }, 400);
      const which = { source, job, provider, version };
      const found = await model.past({ ...which, text: q, offset, limit, signal });
      return jsonAnswer({ version, offset, limit, ...found });
    })
    .get('/changes', async (context) => {
      const { job, provider, before, limit } = queryOf(context);
      const { signal } = context.req.raw;
      const { items, problems } = await model.changes({ job, provider, before, limit, signal });
      return jsonAnswer({ items: items.map(changeData), problems });
    })
    .get('/changes/:job/:provider/:version{[1-9][0-9]{0,11}}', async (context) => {
      const { offset, limit, source } = queryOf(context);
      const { job, provider, version } = context.req.param();
      const { signal } = context.req.raw;
      const which = { source, job, provider, version: Number(version) };
      const found = await model.change({ ...which, offset, limit, signal });
      if (found === undefined) return jsonAnswer({ error: 'the journal has no such version' }, 404);
      return jsonAnswer({
        ...changeData({ ...found, ...which, at: found.head?.at ?? '' }),
        rows: found.rows,
      });
    })
    .get('/history', async (context) => {
      const { job } = queryOf(context);
      if (job === undefined) return jsonAnswer({ error: 'name a job: ?job=' }, 400);
      const { points, every } = await model.history(job);
      return jsonAnswer({ job, every, points: points.map(({ at, targets }) => [at / 1000, targets]) });
    });
}

function changeData({ source, job, provider, version, at, head, counts, problem }: ChangeItem): object {
  return {
    ...{ source, job, provider, version, at, counts },
    ...(head !== undefined && { reason: head.reason, run: head.run }),
    problem,
  };
}
