import type { OrderedStore, Row, TableName } from '../store/store';
import type { Findings } from './findings';

/** Rows read in one go; nothing stays open between two goes. */
const ROWS_PER_STEP = 256;

/**
 * All rows of a table from `from` up to `to`, in slices, each handed to `check`. Rows that are out of order and
 * checks that throw are findings.
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
    const rows = [...store.range(table, { from: next, to, limit: ROWS_PER_STEP })];
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
    if (rows.length < ROWS_PER_STEP) {
      return;
    }
  }
}

/** Every row of a table. */
export const WHOLE_TABLE = { from: Buffer.alloc(1), to: Buffer.alloc(1979, 0xff) };
