import { isArgonError } from '../errors';
import type { OrderedStore, Row, TableName } from '../store/store';
import { type Findings, reasonOf } from './findings';

/** Rows read in one go; nothing stays open between two goes. */
const ROWS_PER_STEP = 256;

/**
 * All rows of a table from `from` up to `to`, in slices, each handed to `check`. A row that is damaged is a finding and
 * left out; one that is out of order too, and ends the walk.
 */
export async function eachRow(
  store: OrderedStore,
  table: TableName,
  { from, to }: { readonly from: Buffer; readonly to: Buffer },
  findings: Findings,
  check: (row: Row) => void
): Promise<void> {
  let next = from;
  for (;;) {
    const { rows, damaged } = readStep(store, table, next, to);
    for (const row of rows) {
      if (Buffer.compare(row.key, next) < 0) {
        findings.row(table, row.key, 'The row is out of order.');
        return;
      }
      next = Buffer.concat([row.key, Buffer.alloc(1)]);
      check(row);
      if (findings.pace.isDue) {
        await findings.pace.rest();
      }
    }
    if (damaged !== undefined) {
      findings.row(table, damaged.key, damaged.what);
      if (Buffer.compare(damaged.key, next) < 0) {
        return;
      }
      next = Buffer.concat([damaged.key, Buffer.alloc(1)]);
    } else if (rows.length < ROWS_PER_STEP) {
      return;
    }
  }
}

/** The next rows, as far as they are as they were written, and what stands behind them when it is not. */
function readStep(
  store: OrderedStore,
  table: TableName,
  from: Buffer,
  to: Buffer
): { rows: Row[]; damaged?: { readonly key: Buffer; readonly what: string } } {
  const rows: Row[] = [];
  try {
    for (const row of store.range(table, { from, to, limit: ROWS_PER_STEP })) {
      rows.push(row);
    }
    return { rows };
  } catch (error) {
    const key = isArgonError(error, 'DATA_CORRUPT') ? error.data['key'] : undefined;
    if (typeof key !== 'string') {
      throw error;
    }
    return { rows, damaged: { key: Buffer.from(key, 'hex'), what: reasonOf(error) } };
  }
}

/** Every row of a table. */
export const WHOLE_TABLE = { from: Buffer.alloc(1), to: Buffer.alloc(1979, 0xff) };
