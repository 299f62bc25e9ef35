import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import { listField } from '../../http/json.ts';

/** A row of `/info`. */
export interface Row {
  /** Without the spaces, control characters and `└` in front. */
  readonly name: string;
  readonly text: string;
  /** Its path in the answer, as in `SystemStatus[7]`. */
  readonly path: string;
}

/** The rows of one node: its own, with the name and `host:port`, and the rows below it. */
export interface NodeRows {
  readonly node: Row;
  readonly children: readonly Row[];
}

/** The rows of an answer. */
export interface StatusRows {
  /** Rows about the cluster; they come before the nodes. */
  readonly cluster: readonly Row[];
  readonly nodes: readonly NodeRows[];
}

/**
 * Splits the rows of `/info` by subject. Rows before the row `Nodes` are about the cluster; a node's row is followed by
 * rows with a `└`. Throws `malformed` with the row that is wrong, also when the number of nodes is not what `Nodes`
 * says: the list was cut then.
 */
export function splitRows({ SystemStatus, DriverStatus }: SwarmInfo): StatusRows {
  const [field, pairs] =
    SystemStatus.length > 0 ? ['SystemStatus', SystemStatus] : ['DriverStatus', DriverStatus];
  const cluster: Row[] = [];
  const nodes: { readonly node: Row; readonly children: Row[] }[] = [];
  let count: Row | undefined;
  for (const [index, [title, text]] of pairs.entries()) {
    const row = { name: title.replace(ornament, '').trim(), text: text.trim(), path: `${field}[${index}]` };
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

/** The row with that name; undefined if there is none. Throws `malformed` where there are two. */
export function findRow(rows: readonly Row[], name: string): Row | undefined {
  const [row, other] = rows.filter((each) => each.name === name);
  if (other !== undefined) throw wrongRow(other, `there is one already, ${row?.path}`, name);
  return row;
}

/**
 * The error for a row. `title` names the row in our own words: the message never repeats the answer's text, which could
 * echo a credential.
 */
export function wrongRow({ path }: Row, what: string, title = ''): MusterError {
  return new MusterError('malformed', `${path}${title === '' ? '' : ` (${title})`}: ${what}`);
}

/** Old masters begin a row with a backspace, which deletes the space that a docker client prints before it. */
const ornament = /^[\s\p{Cc}]*└?/u;
const childMark = /^[\s\p{Cc}]*└/u;

function checkCount(row: Row, listed: number): void {
  const said = row.text;
  if (!/^\d{1,9}$/.test(said)) throw wrongRow(row, 'must be a number', 'Nodes');
  if (Number(said) !== listed) throw wrongRow(row, `says ${said}, but ${listed} follow`, 'Nodes');
}

const rows = listField(z.tuple([z.string(), z.string()]));

/** `GET /info`: the fields that are read. Swarm 1.0 has its rows in `DriverStatus`, later ones in `SystemStatus`. */
export const swarmInfo = z.object({ SystemStatus: rows, DriverStatus: rows });

/** The answer to `GET /info`. */
export type SwarmInfo = z.infer<typeof swarmInfo>;
