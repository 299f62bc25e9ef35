/**
 * The likely plural of a kind in paths of the API: that of English, in lower case, as controller-gen makes it up with
 * flect. What a definition says counts; this is for where there is none to be asked.
 */
export function guessPlural(kind: string): string {
  const name = kind.toLowerCase();
  const [ending, plural] = endings.find(([ending]) => name.endsWith(ending)) ?? ['', 's'];
  return name.slice(0, name.length - ending.length) + plural;
}

/** The first that fits. A name in `s` is taken for a plural. */
const endings = [
  ['person', 'people'],
  ['child', 'children'],
  ['mouse', 'mice'],
  ['index', 'indices'],
  ['matrix', 'matrices'],
  ['vertex', 'vertices'],
  ['alias', 'aliases'],
  ['status', 'statuses'],
  ['bus', 'buses'],
  ['box', 'boxes'],
  ['man', 'men'],
  ['analysis', 'analyses'],
  ['ss', 'sses'],
  ['s', 's'],
  ['x', 'xes'],
  ['tz', 'tzes'],
  ['ch', 'ches'],
  ['sh', 'shes'],
  ['fe', 'ves'],
  ['lf', 'lves'],
  ['io', 'ios'],
  ['oo', 'oos'],
  ['o', 'oes'],
  ['ay', 'ays'],
  ['ey', 'eys'],
  ['oy', 'oys'],
  ['guy', 'guys'],
  ['y', 'ies'],
] as const;
