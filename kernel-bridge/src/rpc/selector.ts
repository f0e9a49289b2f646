import { ArgonError, type Lsn, type Origin, type UndoSelector } from '@argon/wal-core';
import { lsnOf, type BridgeContext } from './context';
import { defined } from '../defined';

/** Which changes are meant: one of these, or several that must all fit. */
export interface Selection {
  readonly project: string;
  readonly firstLsn?: number;
  readonly lastLsn?: number;
  readonly cell?: string;
  readonly cellNumber?: number;
  readonly actor?: string;
  readonly txn?: string;
}

/**
 * The changes on a branch that a request selects. Execution counts begin anew with each kernel, so a cell number means
 * the newest execution of that number in the session, as far as the bridge remembers it.
 * @throws BAD_REQUEST when nothing is selected, or a range is no range
 */
export function selectorOf(
  { sessions }: BridgeContext,
  { project, firstLsn, lastLsn, cell, cellNumber, actor, txn }: Selection,
  branch: string | undefined,
  origin: Origin
): UndoSelector {
  const byCell = cell !== undefined || cellNumber !== undefined;
  const range = rangeOf(firstLsn, lastLsn);
  if (range === undefined && !byCell && actor === undefined && txn === undefined) {
    throw new ArgonError(
      'BAD_REQUEST',
      'Say which changes: a range of LSNs, a cell, an actor or a transaction.'
    );
  }
  const session = byCell ? origin.session : undefined;
  if (range !== undefined || session === undefined) {
    return defined<UndoSelector>({ range, cell, cellNumber, session, actor, txn });
  }
  const named = defined<{ id?: string; number?: number }>({ id: cell, number: cellNumber });
  const writes = (sessions.execution(session, named)?.written() ?? []).filter(
    write => write.project === project && write.branch === branch
  );
  const written =
    writes.length === 0
      ? undefined
      : {
          first: Math.min(...writes.map(write => write.firstLsn)) as Lsn,
          last: Math.max(...writes.map(write => write.lastLsn)) as Lsn
        };
  return defined<UndoSelector>({ range: written, cell, cellNumber, session, actor, txn });
}

function rangeOf(
  first: number | undefined,
  last: number | undefined
): NonNullable<UndoSelector['range']> | undefined {
  if (first === undefined && last === undefined) {
    return undefined;
  }
  if (first === undefined || last === undefined) {
    throw new ArgonError('BAD_REQUEST', 'A range needs both `firstLsn` and `lastLsn`.');
  }
  if (first > last) {
    throw new ArgonError(
      'BAD_REQUEST',
      `The range ${first}..${last} is empty: its end lies before its begin.`
    );
  }
  return { first: lsnOf(first), last: lsnOf(last) };
}
