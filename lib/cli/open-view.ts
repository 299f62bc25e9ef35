import { listProviders } from '../cycle/status.ts';
import { openStoreView, type StoreView } from '../run/app.ts';
import { selectProviders } from '../run/providers.ts';
import { type ProviderId, statusKey } from '../targets/keys.ts';
import type { Io } from './command.ts';

/** Like `openStoreView`. If the configuration is broken and only the store is shown, says so. */
export async function openView(
  command: string,
  which: { readonly location: string; readonly url: string | undefined },
  io: Io,
): Promise<StoreView> {
  const view = await openStoreView(which, io);
  if (view.problem !== undefined)
    io.err(
      `muster ${command}: the configuration is broken, this is only what ${view.store.url} has: ${view.problem.message}\n`,
    );
  return view;
}

/**
 * The selected providers of the store and the configuration. Throws `config` when there are none.
 */
export async function chooseProviders(
  { store, configured }: StoreView,
  selection: Parameters<typeof selectProviders>[1],
  signal: AbortSignal,
): Promise<readonly ProviderId[]> {
  const stored = await listProviders({ store, signal });
  const known = new Set(stored.map(statusKey));
  const others = (configured?.providers ?? []).filter((id) => !known.has(statusKey(id)));
  return selectProviders([...stored, ...others], selection, configured === undefined ? 'store' : undefined);
}
