import { type MarathonApp, type MarathonWorld, makeApp, makeTask } from './marathon-world.ts';
import type { Random } from './random.ts';

/** A world after some changes, and each change in words. */
export interface MarathonChurn {
  readonly world: MarathonWorld;
  readonly changes: readonly string[];
}

/** So many changes as a living cluster has them: apps are deployed and removed, scaled, their tasks restarted. */
export function churnMarathonWorld(world: MarathonWorld, random: Random, count: number): MarathonChurn {
  const changes: string[] = [];
  let { apps } = world;
  for (let done = 0; done < count; done += 1) {
    const { next, change } = changeOne(apps, random);
    apps = next;
    changes.push(change);
  }
  return { world: { apps }, changes };
}

function changeOne(
  apps: readonly MarathonApp[],
  random: Random,
): { readonly next: readonly MarathonApp[]; readonly change: string } {
  const kind = apps.length === 0 ? 'deploy' : random.pick(['deploy', 'remove', 'scale', 'restart']);
  // Serials are never used again, as Marathon's are not.
  const serial = random.integer(1_000_000, 999_999_999);
  if (kind === 'deploy') {
    const app = makeApp(random, serial);
    return { next: [...apps, app], change: `${app.id} deployed` };
  }
  const old = random.pick(apps);
  if (kind === 'remove') return { next: apps.filter((app) => app !== old), change: `${old.id} removed` };

  const fresh = makeTask(random, old, serial);
  const tasks = kind === 'scale' ? [...old.tasks, fresh] : [...old.tasks.slice(1), fresh];
  return {
    next: apps.map((app) => (app === old ? { ...old, tasks } : app)),
    change: `${old.id} ${kind === 'scale' ? 'scaled up' : 'restarted a task'}`,
  };
}
