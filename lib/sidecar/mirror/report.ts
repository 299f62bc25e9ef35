import type { MusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Rejection } from './plan.ts';
import type { Orphan, Round } from './round.ts';

/** Writes rounds to the log: each change, and each error, rejection and orphan once until it changes or is gone. */
export function createReporter(log: Logger): (round: Round, seconds: number) => void {
  let known: ReadonlySet<string> = new Set();
  let failing = false;
  return (round, seconds) => {
    for (const { path, change } of round.changes) log.info(`target file ${change}`, { path });
    const fresh = round.rejections.filter((rejection) => !known.has(identity(rejection)));
    const orphans = round.orphans.filter((orphan) => !known.has(orphanIdentity(orphan)));
    logSome(fresh, 'objects', ({ key, reason, message }) => log.warn(message, { key, reason }), log);
    logSome(
      orphans,
      'orphans',
      ({ path, targets, reason }) => log.warn(`target file stays: ${reason}`, { path, targets }),
      log,
    );
    const errors = round.errors.filter((error) => !known.has(errorIdentity(error)));
    logSome(errors, 'errors', (error) => log.error(error.message, { kind: error.kind }), log);
    if (failing && round.errors.length === 0) log.info('the mirror is good again', { seconds });
    failing = round.errors.length > 0;
    known = new Set([
      ...round.rejections.map(identity),
      ...round.orphans.map(orphanIdentity),
      ...round.errors.map(errorIdentity),
    ]);
    log.debug('round ended', { seconds, changes: round.changes.length, bytes: round.bytes });
  };
}

/** A bucket full of rubbish must not fill the log too. */
const mostLines = 20;

function logSome<T>(items: readonly T[], what: string, write: (item: T) => void, log: Logger): void {
  for (const item of items.slice(0, mostLines)) write(item);
  if (items.length > mostLines) log.warn(`${items.length - mostLines} more ${what} like these`);
}

function identity({ key, reason, message }: Rejection): string {
  return JSON.stringify([key, reason, message]);
}

function errorIdentity({ kind, message }: MusterError): string {
  return JSON.stringify([kind, message]);
}

function orphanIdentity({ path, reason }: Orphan): string {
  return JSON.stringify([path, reason]);
}
