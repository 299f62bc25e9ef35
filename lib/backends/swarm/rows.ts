import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import { listField } from '../../http/json.ts';

/** A row of `/info`: what it is called, what it says, and where it stands. */
export interface Row {
  /** Without the blanks, control characters and the `└` in front. */
  readonly name: string;
  readonly text: string;
  /** As in `SystemStatus[7]`. */
  readonly place: string;
}

/** The rows of one node: its own, with name and `host:port`, and those below it. */
export interface NodeRows {
  readonly node: Row;
  readonly children: readonly Row[];
}

export interface StatusRows {
  /** Rows about the cluster, in front of the nodes. */
  readonly cluster: readonly Row[];
  readonly nodes: readonly NodeRows[];
}

/**
 * Sorts the rows of `/info` by what they are about. A node's row has children with a `└`; whatever stands before the
 * row `Nodes` is about the cluster. Throws `malformed` with the row that is wrong: among others when not as many nodes
 * follow as `Nodes` says, since a list that is cut is no list.
 */
export function splitRows({ SystemStatus, DriverStatus }: SwarmInfo): StatusRows {
  const [field, pairs] =
    SystemStatus.length > 0 ? ['SystemStatus', SystemStatus] : ['DriverStatus', DriverStatus];
  const cluster: Row[] = [];
  const nodes: { readonly node: Row; readonly children: Row[] }[] = [];
  let count: Row | undefined;
  for (const [index, [title, text]] of pairs.entries()) {
    const row = { name: title.replace(ornament, '').trim(), text: text.trim(), place: `${field}[${index}]` };
    if (childMark.test(title)) {
      const parent = nodes.at(-1);
      if (parent === undefined) throw wrongRow(row, 'stands below no node');
      parent.children.push(row);
    } else if (count !== undefined) nodes.push({ node: row, children: [] });
    else if (row.name === 'Nodes') count = row;
    else cluster.push(row);
  }
  if (count === undefined)
    throw new MusterError(
      'malformed',
      `${field} has no row "Nodes": this is not a master of a classic Swarm`,
    );
  checkCount(count, nodes.length);
  return { cluster, nodes };
}

/** The one row of that name; undefined where there is none. Throws `malformed` where there are two. */
export function findRow(rows: readonly Row[], name: string): Row | undefined {
  const [row, other] = rows.filter((each) => each.name === name);
  if (other !== undefined) throw wrongRow(other, `there is one already, ${row?.place}`, name);
  return row;
}

/**
 * The error for a row. `title` is how it is called in our own words: the answer's are not repeated, they could be an
 * echo of a credential.
 */
export function wrongRow({ place }: Row, what: string, title = ''): MusterError {
  return new MusterError('malformed', `${place}${title === '' ? '' : ` (${title})`}: ${what}`);
}

/** Old masters begin a row with a backspace, so that a docker client's blank in front of it goes. */
const ornament = /^[\s\p{Cc}]*└?/u;
const childMark = /^[\s\p{Cc}]*└/u;

function checkCount(row: Row, listed: number): void {
  const said = row.text;
  if (!/^\d{1,9}$/.test(said)) throw wrongRow(row, 'must be a number', 'Nodes');
  if (Number(said) !== listed) throw wrongRow(row, `says ${said}, but ${listed} follow`, 'Nodes');
}

const rows = listField(z.tuple([z.string(), z.string()]));

/** `GET /info`, as far as it is read. Swarm 1.0 has its rows in `DriverStatus`, later ones in `SystemStatus`. */
export const swarmInfo = z.object({ SystemStatus: rows, DriverStatus: rows });

export type SwarmInfo = z.infer<typeof swarmInfo>;
