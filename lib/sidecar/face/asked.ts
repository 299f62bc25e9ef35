import type { Context } from 'hono';

/** What the query of a URL asks for; whatever makes no sense counts as absent. */
export interface Asked {
  readonly q: string;
  readonly job: string | undefined;
  readonly provider: string | undefined;
  readonly source: string;
  readonly before: number | undefined;
  readonly offset: number;
  readonly limit: number;
}

export function readAsked({ req }: Context, size: { readonly limit: number; readonly most: number }): Asked {
  return {
    q: (req.query('q') ?? '').slice(0, 500),
    job: req.query('job') || undefined,
    provider: req.query('provider') || undefined,
    source: req.query('source') ?? '',
    before: wholeNumber(req.query('before')),
    offset: wholeNumber(req.query('offset')) ?? 0,
    limit: Math.min(wholeNumber(req.query('limit')) || size.limit, size.most),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
