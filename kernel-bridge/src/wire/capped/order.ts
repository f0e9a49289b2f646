import {
  type Change,
  type CollectionInfo,
  type DocKey,
  type Engine,
  isArgonError,
  type Lsn,
  type Snapshot
} from '@argon/wal-core';

/** A document of a capped collection: its key, and its size in bytes. */
export interface CappedEntry {
  readonly key: DocKey;
  readonly bytes: number;
}

/** Documents in the order they were inserted, by their keys as Latin-1. */
export type CappedOrder = ReadonlyMap<string, CappedEntry>;

/** Changes read at once. */
const PAGE = 1000;
/** Orders of collections that are remembered. */
const REMEMBERED_MAX = 64;

interface Remembered {
  readonly lsn: Lsn;
  readonly order: CappedOrder;
}

/**
 * The order of inserts in capped collections. The store keeps documents by `_id`; in which order they came stands in
 * the history, which goes back no further than the cap lets documents live. The newest order of a collection is kept
 * and taken on from there.
 */
export class CappedOrders {
  private readonly known = new Map<string, Remembered>();
  private readonly tails = new Map<string, Promise<void>>();

  constructor(private readonly engine: Pick<Engine, 'collectionHistory'>) {}

  /** The order in a state. */
  async orderOf(snapshot: Snapshot, info: CollectionInfo, signal?: AbortSignal): Promise<CappedOrder> {
    const name = `${snapshot.project.id} ${snapshot.timeline} ${info.id}`;
    const known = this.known.get(name);
    if (known?.lsn === snapshot.lsn) {
      return known.order;
    }
    const order =
      (known !== undefined && known.lsn < snapshot.lsn
        ? await this.takeOn(known, snapshot, info)
        : undefined) ?? (await this.readBack(snapshot, info, signal));
    if (known === undefined || known.lsn < snapshot.lsn) {
      this.known.delete(name);
      this.known.set(name, { lsn: snapshot.lsn, order });
      if (this.known.size > REMEMBERED_MAX) {
        this.known.delete(this.known.keys().next().value!);
      }
    }
    return order;
  }

  /** Runs one writer of a capped collection after the other, so that each knows what is oldest. */
  async exclusive<R>(name: string, write: () => Promise<R>): Promise<R> {
    const before = this.tails.get(name) ?? Promise.resolve();
    const mine = before.then(write);
    const tail = mine.then(
      () => undefined,
      () => undefined
    );
    this.tails.set(name, tail);
    try {
      return await mine;
    } finally {
      if (this.tails.get(name) === tail) {
        this.tails.delete(name);
      }
    }
  }

  /** Undefined when garbage collection has taken changes in between. */
  private takeOn(
    known: Remembered,
    snapshot: Snapshot,
    info: CollectionInfo
  ): Promise<CappedOrder | undefined> {
    return this.withChanges(known, snapshot, info).catch((error: unknown) => {
      if (isArgonError(error, 'HISTORY_GONE')) {
        return undefined;
      }
      throw error;
    });
  }

  private async withChanges(
    known: Remembered,
    snapshot: Snapshot,
    info: CollectionInfo
  ): Promise<CappedOrder> {
    const order = new Map(known.order);
    for (let after: Lsn | undefined = known.lsn; after !== undefined;) {
      const page: { changes: readonly Change[]; next?: Lsn } = await this.engine.collectionHistory(
        snapshot.project.name,
        snapshot.ref,
        info.name,
        { after, limit: PAGE, images: true }
      );
      for (const change of page.changes) {
        const text = change.key.toString('latin1');
        if (change.op === 'delete') {
          order.delete(text);
        } else {
          order.set(text, { key: change.key, bytes: change.after?.length ?? 0 });
        }
      }
      after = page.next;
    }
    return order;
  }

  /** Documents that are older than all history that is left come first, in the order of their keys. */
  private async readBack(
    snapshot: Snapshot,
    info: CollectionInfo,
    signal: AbortSignal | undefined
  ): Promise<CappedOrder> {
    const missing = new Map<string, CappedEntry>();
    for await (const { keys, images } of snapshot.scan(info, { ...(signal && { signal }) })) {
      keys.forEach((key, at) => missing.set(key.toString('latin1'), { key, bytes: images[at]!.length }));
    }
    const newestFirst: [string, CappedEntry][] = [];
    for (
      let before: Lsn | undefined, isFirst = true;
      missing.size > 0 && (isFirst || before !== undefined);
    ) {
      const page: { changes: readonly Change[]; next?: Lsn } = await this.engine.collectionHistory(
        snapshot.project.name,
        snapshot.ref,
        info.name,
        { ...(before === undefined ? {} : { before }), limit: PAGE }
      );
      for (const { op, key } of page.changes) {
        const text = key.toString('latin1');
        const entry = missing.get(text);
        if (op === 'insert' && entry !== undefined) {
          missing.delete(text);
          newestFirst.push([text, entry]);
        }
      }
      before = page.next;
      isFirst = false;
      signal?.throwIfAborted();
    }
    return new Map([...missing, ...newestFirst.reverse()]);
  }
}
