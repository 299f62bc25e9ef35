/** A file_sd text with one group for each address. */
export function targets(...addresses: readonly string[]): string {
  const groups = addresses.map((address) => JSON.stringify({ targets: [address], labels: { from: 'test' } }));
  return groups.length === 0 ? '[]\n' : `[\n${groups.join(',\n')}\n]\n`;
}
