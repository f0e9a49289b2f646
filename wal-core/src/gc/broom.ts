import { APPLY_RECORDS_MAX } from '../limits';
import type { LineRecord } from '../log/line';
import type { Pace } from '../log/pace';
import type { OrderedStore, Put, TableName } from '../store/store';

/** What rows are counted as. */
export type RowKind = 'versions' | 'changes' | 'indexEntries' | 'commits' | 'other';

/**
 * Takes rows away, in small transactions between those of writers; in a dry run it only counts them. What it is told
 * and has not done yet is done by `flush`.
 */
export class Broom {
  readonly rows: Record<RowKind, number> = { versions: 0, changes: 0, indexEntries: 0, commits: 0, other: 0 };
  bytes = 0;
  /** Bytes by which segments of the log hold more than is needed. */
  readonly dead = new Map<number, number>();
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
    if (image !== undefined) {
      const { segment, length } = image;
      this.dead.set(segment, (this.dead.get(segment) ?? 0) + key.length + length);
    }
  }

  /** Notes something beside the rows. */
  note(put: Put): void {
    this.puts.push(put);
  }

  get isFull(): boolean {
    return this.puts.length >= APPLY_RECORDS_MAX;
  }

  /** `marker` says how far the work has come, and goes with it. */
  async flush(marker?: Put): Promise<void> {
    const puts = this.puts;
    this.puts = [];
    if (!this.isDry && (puts.length > 0 || marker !== undefined)) {
      await this.store.write(marker === undefined ? puts : [...puts, marker]);
    }
    await this.pace.rest();
  }
}
