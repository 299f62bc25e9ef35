import { listProviders } from '../cycle/status.ts';
import { openStoreView, type StoreView } from '../run/app.ts';
import { selectProviders } from '../run/providers.ts';
import { type ProviderId, statusKey } from '../targets/keys.ts';
import type { Io } from './command.ts';

/** As `openStoreView`, and says so where the configuration is broken and what is shown is that of the store alone. */
export async function openView(
  command: string,
  which: { readonly location: string; readonly url: string | undefined },
  io: Io,
): Promise<StoreView> {
  const view = await openStoreView(which, io);
  if (view.problem !== undefined)
    io.err(
      `muster ${command}: the configuration is broken, ${view.store.url} is looked at by itself: ${view.problem.message}\n`,
    );
  return view;
}

/**
 * Of the providers that the store or the configuration has, those that were asked for. Throws (kind `config`) when there
 * is none.
 */
export async function chooseProviders(
  { store, configured }: StoreView,
  asked: Parameters<typeof selectProviders>[1],
  signal: AbortSignal,
): Promise<readonly ProviderId[]> {
  const stored = await listProviders({ store, signal });
  const known = new Set(stored.map(statusKey));
  const others = (configured?.providers ?? []).filter((id) => !known.has(statusKey(id)));
  return selectProviders([...stored, ...others], asked, configured === undefined ? 'store' : undefined);
}
