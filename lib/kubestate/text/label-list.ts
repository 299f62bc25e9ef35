/** Keys of labels or annotations by resource; the resource `*` stands for all. */
export type LabelLists = Readonly<Record<string, readonly string[]>>;

/**
 * The value of `--metric-labels-allowlist`, as in `pods=[app,team/*],nodes=[*]`; undefined where it is none. A key has one
 * `*` at most.
 */
export function parseLabelList(source: string): LabelLists | undefined {
  const lists: [string, readonly string[]][] = [];
  let rest = source.trim();
  while (rest !== '') {
    const match = /^\s*([^\s=,[\]]+)=\[([^[\]=]*)\]\s*(?:,(?=\s*\S)|$)/.exec(rest);
    if (match === null) return undefined;
    const [whole, resource = '', inside = ''] = match;
    const keys = inside.trim() === '' ? [] : inside.split(',').map((key) => key.trim());
    if (keys.some((key) => key === '' || key.split('*').length > 2)) return undefined;
    lists.push([resource, keys]);
    rest = rest.slice(whole.length);
  }
  return lists.length === 0 ? undefined : Object.fromEntries(lists);
}
