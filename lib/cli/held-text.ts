import type { HeldDocument } from '../discovery/held.ts';
import type { ProviderId } from '../target/names.ts';

/** The command that lets go what is held of a provider, to be pasted. */
export function acceptCommand({ job, provider }: ProviderId): string {
  return `muster accept --job ${quoted(job)} --provider ${provider}`;
}

/** A word of a command line, quoted where a shell would take it apart. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What is held, as plain data for `--output json`. */
export function heldData({ memory, ...held }: HeldDocument): object {
  const { kind, labels, backend, accepted } = memory;
  return {
    kind,
    ...held,
    ...(labels && { labels: labels.names }),
    ...(backend && { backend }),
    ...(accepted && { accepted_until: accepted.until }),
  };
}
