/** What a committed transaction did, list by list: the lists it read, and what it appended. */
export interface AppendTransaction {
  readonly id: number;
  readonly reads: ReadonlyMap<string, readonly number[]>;
  /** Every number is appended once in a history. */
  readonly appends: ReadonlyMap<string, number>;
}

/** What is wrong with a history of appends. */
export interface Anomaly {
  readonly kind: 'lost' | 'torn' | 'order' | 'cycle';
  readonly what: string;
}

type EdgeKind = 'ww' | 'wr' | 'rw';
interface Edge {
  readonly to: number;
  readonly kind: EdgeKind;
}

/**
 * Looks for what snapshot isolation forbids, as Elle does for lists: appended numbers say in which
 * order their transactions came. A cycle with no edge from a read to a later append (G1c), or with
 * exactly one such edge (G-single), is none that snapshots allow; neither is one whose such edges
 * do not follow each other, but that is left to the two.
 */
export function anomaliesOf(
  transactions: readonly AppendTransaction[],
  last: ReadonlyMap<string, readonly number[]>
): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const writerOf = new Map<string, number>();
  for (const { id, appends } of transactions) {
    for (const [list, value] of appends) {
      writerOf.set(`${list} ${value}`, id);
      if (last.get(list)?.includes(value) !== true) {
        anomalies.push({ kind: 'lost', what: `${value} of transaction ${id} is not in ${list}` });
      }
    }
  }
  for (const [list, values] of last) {
    for (const value of values) {
      if (!writerOf.has(`${list} ${value}`)) {
        anomalies.push({ kind: 'torn', what: `${value} in ${list} is of no committed transaction` });
      }
    }
  }
  for (const { id, reads } of transactions) {
    for (const [list, saw] of reads) {
      const order = last.get(list) ?? [];
      if (saw.some((value, i) => order[i] !== value)) {
        anomalies.push({
          kind: 'order',
          what: `transaction ${id} saw ${saw.join()} in ${list}, at the end ${order.join()}`
        });
      }
    }
  }
  const edges = edgesOf(transactions, last, writerOf);
  for (const { id } of transactions) {
    const path = cycleFrom(id, edges);
    if (path !== undefined) {
      anomalies.push({ kind: 'cycle', what: path });
    }
  }
  return anomalies;
}

function edgesOf(
  transactions: readonly AppendTransaction[],
  last: ReadonlyMap<string, readonly number[]>,
  writerOf: ReadonlyMap<string, number>
): Map<number, Edge[]> {
  const edges = new Map<number, Edge[]>(transactions.map(({ id }) => [id, []]));
  const add = (from: number | undefined, to: number | undefined, kind: EdgeKind) => {
    if (from !== undefined && to !== undefined && from !== to) {
      edges.get(from)!.push({ to, kind });
    }
  };
  for (const [list, values] of last) {
    values.forEach((value, i) =>
      add(writerOf.get(`${list} ${values[i - 1]}`), writerOf.get(`${list} ${value}`), 'ww')
    );
  }
  for (const { id, reads } of transactions) {
    for (const [list, saw] of reads) {
      add(writerOf.get(`${list} ${saw.at(-1)}`), id, 'wr');
      add(id, writerOf.get(`${list} ${(last.get(list) ?? [])[saw.length]}`), 'rw');
    }
  }
  return edges;
}

/** A way from a transaction back to itself with at most one edge from a read to a later append. */
function cycleFrom(start: number, edges: ReadonlyMap<number, readonly Edge[]>): string | undefined {
  const open: { at: number; anti: number; path: string }[] = [{ at: start, anti: 0, path: `${start}` }];
  const seen = new Set<string>();
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    for (const { to, kind } of edges.get(step.at) ?? []) {
      const anti = step.anti + (kind === 'rw' ? 1 : 0);
      if (anti > 1) {
        continue;
      }
      const path = `${step.path} -${kind}-> ${to}`;
      if (to === start) {
        return path;
      }
      if (!seen.has(`${to} ${anti}`)) {
        seen.add(`${to} ${anti}`);
        open.push({ at: to, anti, path });
      }
    }
  }
  return undefined;
}
