import type { CollectionId, DocKey, Lsn } from '../api';
import { type KeptLsns, OPEN_END } from '../branch/kept';
import type { Timeline } from '../branch/model';
import { isTombstone } from '../read/version';
import { verKey, verKeyLsn } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';

const FIRST_LSN = 0;

/** Decides which versions of a timeline's documents stay. The same before and after they went. */
export class Keeper {
  constructor(
    private readonly store: OrderedStore,
    private readonly timeline: Timeline,
    private readonly kept: KeptLsns
  ) {}

  /**
   * Whether a version is needed that was there from `lsn` until before `newer` (to this day when undefined): for some
   * kept state it is the newest. A tombstone is not when nothing is left that it could hide.
   */
  needs(collection: CollectionId, key: DocKey, lsn: Lsn, newer: Lsn | undefined, isGone: boolean): boolean {
    return (
      this.kept.meets(lsn, newer === undefined ? OPEN_END : newer - 1) &&
      (!isGone || this.kept.has(lsn) || this.hides(collection, key, lsn))
    );
  }

  /** The same for a version of which only the LSN is known; false when it is not in the state. */
  needsAt(collection: CollectionId, key: DocKey, lsn: Lsn): boolean {
    if (this.kept.has(lsn)) {
      return true;
    }
    const exact = verKey(this.timeline.id, collection, key, lsn);
    const value = this.store.get('ver', exact);
    if (value === undefined) {
      return false;
    }
    const newer = this.store.last('ver', verKey(this.timeline.id, collection, key, OPEN_END), exact);
    return this.needs(collection, key, lsn, newer && verKeyLsn(newer.key), isTombstone(value));
  }

  /** Whether an older version of a document stays, on the timeline or behind its fork. */
  private hides(collection: CollectionId, key: DocKey, lsn: Lsn): boolean {
    for (let before: number = lsn; ;) {
      const cap = this.kept.newestUpTo(before - 1);
      const row = cap < 0 ? undefined : this.newest(this.timeline, collection, key, cap);
      if (row === undefined) {
        break;
      }
      if (!isTombstone(row.value)) {
        return true;
      }
      before = verKeyLsn(row.key);
    }
    const { parent, forkLsn } = this.timeline;
    for (const link of parent?.chain(forkLsn) ?? []) {
      const row = this.newest(link.timeline, collection, key, link.cap);
      if (row !== undefined) {
        return !isTombstone(row.value);
      }
    }
    return false;
  }

  private newest({ id }: Timeline, collection: CollectionId, key: DocKey, cap: number): Row | undefined {
    return this.store.first('ver', verKey(id, collection, key, cap), verKey(id, collection, key, FIRST_LSN));
  }
}
