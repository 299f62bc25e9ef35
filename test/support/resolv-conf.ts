import { execFileSync } from 'node:child_process';
import { findProgram } from './programs.ts';

/**
 * The command that runs another one with this file in place of /etc/resolv.conf, in a mount namespace of its own, so
 * that nobody else sees it. The other command's words follow.
 */
export function withResolvConf(file: string): readonly [string, ...string[]] {
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return [findProgram('unshare') ?? 'unshare', '--mount', '/bin/sh', '-c', script, file];
}

/** Whether this machine lets us do that, and have port 53: to root it mostly does. */
export function canReplaceResolvConf(): boolean {
  if (process.getuid?.() !== 0 || findProgram('unshare') === undefined) return false;
  const [command, ...before] = withResolvConf('/etc/hostname');
  try {
    execFileSync(command, [...before, 'true'], { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}
