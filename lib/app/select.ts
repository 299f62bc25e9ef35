import { MusterError } from '../errors.ts';
import type { ProviderId } from '../target/names.ts';

/**
 * Of several providers those that were asked for. Throws (kind `config`) when none is left, and says which there are,
 * and where.
 */
export function selectProviders<P extends ProviderId>(
  providers: readonly P[],
  { job, provider }: { readonly job?: string | undefined; readonly provider?: string | undefined },
  place = 'configuration',
): readonly P[] {
  const selected = providers.filter(
    (one) => (job === undefined || one.job === job) && (provider === undefined || one.provider === provider),
  );
  if (selected.length > 0 || (job === undefined && provider === undefined)) return selected;
  const wanted =
    provider === undefined ? `job ${job}` : `provider ${job === undefined ? '' : `${job}/`}${provider}`;
  const names = providers.map((one) => `${one.job}/${one.provider}`).slice(0, 10);
  throw new MusterError('config', `no ${wanted} in the ${place}; it has ${names.join(', ') || 'none'}`);
}
