import { APPLY_RECORDS_MAX } from '../limits';
import type { LineRecord } from '../log/line';
import type { Pace } from '../log/pace';
import { metaKey, TABLE } from '../store/keys';
import type { OrderedStore, Put, TableName } from '../store/store';

/** What rows are counted as. */
export type RowKind = 'versions' | 'changes' | 'indexEntries' | 'commits' | 'other';

/** In the place of a segment: deletions were taken away, and not all segments have been compacted since. */
const DELETIONS = 0xffffffff;

/** Bytes of a segment that earlier collections left in it. */
export function deadBytes(store: OrderedStore, segment: number): number {
  return store.get('meta', metaKey(TABLE.dead, segment))?.readUIntBE(0, 6) ?? 0;
}

/** Whether deletions were taken away, and what they deleted may still be in the log. */
export function hasTakenDeletions(store: OrderedStore): boolean {
  return deadBytes(store, DELETIONS) > 0;
}

/** Nothing that was deleted by what is gone is left in the log. */
export const DELETIONS_DONE = deadRow(DELETIONS, undefined);

/** How many bytes of a segment are held in vain; undefined when none are. */
export function deadRow(segment: number, bytes: number | undefined): Put {
  const value = bytes === undefined ? undefined : Buffer.allocUnsafe(6);
  value?.writeUIntBE(bytes!, 0, 6);
  return { table: 'meta', key: metaKey(TABLE.dead, segment), value };
}

/**
 * Takes rows away, in small transactions between those of writers; in a dry run it only counts them. What it is told
 * and has not done yet is done by `flush`.
 */
export class Broom {
  readonly rows: Record<RowKind, number> = { versions: 0, changes: 0, indexEntries: 0, commits: 0, other: 0 };
  bytes = 0;
  /**
   * Bytes by which this collection lets segments of the log hold more than is needed, where the state has not taken
   * note of it yet.
   */
  readonly dead = new Map<number, number>();
  /** Whether it has taken away deletions, of which the log may still have what they deleted. */
  takesDeletions = false;
  private puts: Put[] = [];

  constructor(
    private readonly store: OrderedStore,
    readonly pace: Pace,
    readonly isDry: boolean
  ) {}

  remove(kind: RowKind, table: TableName, key: Buffer, value: Buffer): void {
    this.rows[kind]++;
    this.bytes += key.length + value.length;
    this.puts.push({ table, key, value: undefined });
  }

  /** Puts a shorter value in the place of a row's. */
  shorten(kind: RowKind, table: TableName, key: Buffer, value: Buffer, shorter: Buffer): void {
    this.rows[kind]++;
    this.bytes += value.length - shorter.length;
    this.puts.push({ table, key, value: shorter });
  }

  /** A change is not listed any more. */
  forget({ key, image }: LineRecord): void {
    if (image === undefined) {
      this.takesDeletions = true;
      return;
    }
    const { segment, length } = image;
    this.dead.set(segment, (this.dead.get(segment) ?? 0) + key.length + length);
  }

  /** Notes something beside the rows. */
  note(put: Put): void {
    this.puts.push(put);
  }

  get isFull(): boolean {
    return this.puts.length >= APPLY_RECORDS_MAX;
  }

  /**
   * `marker` says how far the work has come, and goes with it; so does what the log now holds in vain, which has to
   * be known to the next collection when this one is cut short.
   */
  async flush(marker?: Put): Promise<void> {
    const puts = this.puts;
    this.puts = [];
    if (!this.isDry && (puts.length > 0 || marker !== undefined)) {
      await this.store.write([...puts, ...this.vain(), ...(marker === undefined ? [] : [marker])]);
    }
    await this.pace.rest();
  }

  private vain(): Put[] {
    const rows = [...this.dead].map(([segment, bytes]) =>
      deadRow(segment, deadBytes(this.store, segment) + bytes)
    );
    this.dead.clear();
    return this.takesDeletions ? [...rows, deadRow(DELETIONS, 1)] : rows;
  }
}
