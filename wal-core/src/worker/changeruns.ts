import type { Lsn } from '../api';
import { rowKey, type Side } from '../diff/changed';
import { joined, withChange } from '../diff/sides';
import type { LineRecord } from '../log/line';
import { openSpill } from '../query';
import { Heap } from '../query/heap';
import { type ChangeRow, rowsIn, RowWriter } from './changerows';

/** Bytes of a run that are written, and read, in one go. */
const STEP_BYTES = 64 * 1024;

/** A sorted stretch of the file. */
interface Run {
  readonly at: number;
  readonly bytes: number;
}

/** Sorts changes by document in bounded memory: what is too much goes into a file as sorted runs. */
export class ChangeRuns {
  private held = new Map<string, Buffer>();
  private readonly runs: Run[] = [];
  private file: ReturnType<typeof openSpill> | undefined;

  constructor(
    /** Rows that are held in memory. */
    private readonly rowsMax: number,
    /** Where the file may lie. */
    private readonly directory: string
  ) {}

  /** Those of a side come oldest first. */
  note({ collection, key, lsn, previous }: LineRecord, side: Side, point: Lsn): void {
    const text = rowKey(collection, key).toString('latin1');
    this.held.set(text, withChange(this.held.get(text), side, { lsn, previous }, point));
    if (this.held.size >= this.rowsMax) {
      this.leave();
    }
  }

  private leave(): void {
    this.file ??= openSpill(this.directory);
    const at = this.file.bytes;
    const writer = new RowWriter();
    for (const row of sorted(this.held)) {
      writer.add(row);
      if (writer.bytes >= STEP_BYTES) {
        this.file.append(writer.take());
      }
    }
    this.file.append(writer.take());
    this.runs.push({ at, bytes: this.file.bytes - at });
    this.held = new Map();
  }

  /** Each document once, in key order. */
  *rows(): Generator<ChangeRow> {
    // The older of two runs first, so that what the newer one knows comes on top.
    const heap = new Heap<{ readonly rows: Iterator<ChangeRow>; row: ChangeRow; readonly age: number }>(
      (a, b) => Buffer.compare(a.row.key, b.row.key) || a.age - b.age
    );
    const sources = [...this.runs.map(run => this.read(run)), sorted(this.held)[Symbol.iterator]()];
    for (const [age, rows] of sources.entries()) {
      const first = rows.next();
      if (first.done !== true) {
        heap.push({ rows, row: first.value, age });
      }
    }
    let open: ChangeRow | undefined;
    for (let top = heap.top; top !== undefined; top = heap.top) {
      const { row } = top;
      if (open?.key.equals(row.key) === true) {
        open = { key: open.key, value: joined(open.value, row.value) };
      } else {
        if (open !== undefined) {
          yield open;
        }
        open = row;
      }
      const next = top.rows.next();
      if (next.done === true) {
        heap.pop();
      } else {
        top.row = next.value;
        heap.topChanged();
      }
    }
    if (open !== undefined) {
      yield open;
    }
  }

  private *read({ at, bytes }: Run): Generator<ChangeRow, void> {
    let rest: Buffer = Buffer.alloc(0);
    for (let done = 0; done < bytes;) {
      const piece = Buffer.allocUnsafe(Math.min(STEP_BYTES, bytes - done));
      if (this.file!.read(at + done, piece) < piece.length) {
        throw new RangeError('a run of changes was cut off');
      }
      done += piece.length;
      const joinedBytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      rest = joinedBytes.subarray(yield* rowsIn(joinedBytes));
    }
  }

  close(): void {
    this.held.clear();
    this.file?.close();
  }
}

/** By the texts of the keys, whose order is that of their bytes. */
function sorted(held: ReadonlyMap<string, Buffer>): ChangeRow[] {
  return [...held.keys()].sort().map(text => ({ key: Buffer.from(text, 'latin1'), value: held.get(text)! }));
}
