import { openStoreView, type StoreView } from '../app/app.ts';
import type { ObjectStore } from '../store/store.ts';
import { folders, type ProviderId, parseStatusKey } from '../target/names.ts';
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

/** The providers that have a status in the store. */
export async function storedProviders(
  store: ObjectStore,
  signal: AbortSignal,
): Promise<readonly ProviderId[]> {
  return (await store.list(folders.status, { signal }))
    .map(({ key }) => parseStatusKey(key))
    .filter((id) => id !== undefined);
}
