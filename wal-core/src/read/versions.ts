import type { CollectionId, DocKey, Image, Lsn, TimelineId } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import { ArgonError } from '../errors';
import { BATCH_BYTES_MAX } from '../limits';
import { stepEnd } from '../log/pace';
import type { Place } from '../log/file/segment';
import { verBound, verKey, verKeyDoc, verKeyLsn, verSearch } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { decodeVersion } from './version';
import type { Unapplied } from './unapplied';

/** A version found: `image` undefined is a tombstone. */
export interface FoundVersion {
  readonly lsn: Lsn;
  readonly image: Image | undefined;
}

/** Finds versions below many branches without asking each. */
export interface Shortcut {
  /** Undefined when it does not know; 'absent' when there is none, or a tombstone whose LSN is not needed. */
  find(
    chain: readonly ChainLink[],
    collection: CollectionId,
    key: DocKey,
    needsLsn: boolean
  ): FoundVersion | 'absent' | undefined;
}

/** Branches above a state from which on a shortcut pays. */
const SHORTCUT_LINKS_MIN = 2;

export interface KeyRange {
  /** Exclusive: where the batch before ended. */
  readonly after?: DocKey;
  readonly from?: DocKey;
  readonly to?: DocKey;
  readonly reverse?: boolean;
}

/** A link of an ancestry as far as stored versions are concerned: plain data, for workers too. */
export interface Link {
  readonly timeline: { readonly id: TimelineId };
  readonly cap: Lsn;
}

/** A document that never was there. */
const NEVER: Pick<FoundVersion, 'image'> = { image: undefined };

const FIRST_LSN = 0;
const LAST_LSN = 2 ** 48 - 1;

/** Documents at a state, from the unapplied records and `ver`. */
export class Versions {
  shortcut: Shortcut | undefined;

  constructor(
    private readonly store: OrderedStore,
    private readonly unapplied: Unapplied,
    private readonly readLog: (place: Place, length: number) => Buffer
  ) {}

  /** The version of a document in the state that `chain` describes; undefined when it never was there. */
  find(chain: readonly ChainLink[], collection: CollectionId, key: DocKey): FoundVersion | undefined {
    return this.quickly(chain, collection, key, true);
  }

  /** The image of a document; undefined when it is not there. */
  get(chain: readonly ChainLink[], collection: CollectionId, key: DocKey): Image | undefined {
    return this.quickly(chain, collection, key, false)?.image;
  }

  private quickly(
    chain: readonly ChainLink[],
    collection: CollectionId,
    key: DocKey,
    needsLsn: boolean
  ): FoundVersion | undefined {
    const found =
      chain.length >= SHORTCUT_LINKS_MIN ? this.shortcut?.find(chain, collection, key, needsLsn) : undefined;
    return found === 'absent' ? undefined : (found ?? this.walk(chain, collection, key));
  }

  /** The same by asking one timeline after another. */
  walk(chain: readonly Link[], collection: CollectionId, key: DocKey): FoundVersion | undefined {
    for (const { timeline, cap } of chain) {
      const waiting =
        this.unapplied.records === 0 ? undefined : this.unapplied.get(timeline.id, collection, key, cap);
      if (waiting !== undefined) {
        return waiting;
      }
      const { from, to } = verSearch(timeline.id, collection, key, cap);
      const row = this.store.first('ver', from, to);
      if (row !== undefined) {
        return { lsn: verKeyLsn(row.key), image: decodeVersion(row.value, this.readLog) };
      }
    }
    return undefined;
  }

  /** The image of a version whose timeline and LSN are known. @throws DATA_CORRUPT when it is not there */
  exact(timeline: TimelineId, collection: CollectionId, key: DocKey, lsn: Lsn): Image | undefined {
    const value = this.store.get('ver', verKey(timeline, collection, key, lsn));
    if (value === undefined) {
      this.store.distrust();
      throw new ArgonError('DATA_CORRUPT', `The version ${lsn} of a document is missing in the state.`, {
        data: { timeline, collection, lsn }
      });
    }
    return decodeVersion(value, this.readLog);
  }

  /**
   * The image of a document in a state, when the LSN of its version there is known: 0 when it was never there,
   * undefined when it must be looked for after all. An exact look costs half of a search.
   */
  known(
    chain: readonly ChainLink[],
    collection: CollectionId,
    key: DocKey,
    lsn: Lsn | undefined
  ): Image | undefined {
    const found = this.named(chain, collection, key, lsn);
    return found === undefined ? this.get(chain, collection, key) : found.image;
  }

  /** The same where there are no shortcuts. */
  knownTo(
    chain: readonly Link[],
    collection: CollectionId,
    key: DocKey,
    lsn: Lsn | undefined
  ): Image | undefined {
    return (this.named(chain, collection, key, lsn) ?? this.walk(chain, collection, key))?.image;
  }

  /** Undefined when it must be looked for: nothing is known, garbage collection took it, or it is not applied yet. */
  private named(
    chain: readonly Link[],
    collection: CollectionId,
    key: DocKey,
    lsn: Lsn | undefined
  ): Pick<FoundVersion, 'image'> | undefined {
    if (lsn === undefined || lsn === 0) {
      return lsn === undefined ? undefined : NEVER;
    }
    const value = this.store.get('ver', verSearch(ownerIn(chain, lsn), collection, key, lsn).from);
    return value === undefined ? undefined : { image: decodeVersion(value, this.readLog) };
  }

  /** The version of an LSN that is known to exist in the chain. */
  at(chain: readonly ChainLink[], collection: CollectionId, key: DocKey, lsn: Lsn): Image | undefined {
    if (lsn === 0) {
      return undefined;
    }
    // LSNs grow along the ancestry: the nearest timeline that was forked before it has it.
    const at = chain.findIndex(({ timeline }) => lsn > timeline.forkLsn || timeline.parent === undefined);
    if (at < 0) {
      return undefined;
    }
    const { timeline, cap } = chain[at]!;
    const value = this.store.get('ver', verSearch(timeline.id, collection, key, lsn).from);
    if (value !== undefined) {
      return decodeVersion(value, this.readLog);
    }
    const owner = [{ timeline, cap: Math.min(cap, lsn) as Lsn }];
    // Where garbage collection took it, the one before it counts, on whichever ancestor that is.
    return (this.walk(owner, collection, key) ?? this.walk(chain.slice(at + 1), collection, key))?.image;
  }

  /**
   * The next documents of a collection in key order, from applied rows only: the caller has waited
   * until everything up to the state's LSN is applied. Cut at `count` documents, at
   * `BATCH_BYTES_MAX` and with the turn (`stepEnd`). `last` is the key to go on after; undefined at the end.
   */
  batch(
    chain: readonly Link[],
    collection: CollectionId,
    range: KeyRange,
    count: number
  ): { keys: DocKey[]; images: Image[]; lsns: Lsn[]; last: DocKey | undefined } {
    const streams = chain.map(link => new VersionStream(this.store, link, collection, range));
    const keys: DocKey[] = [];
    const images: Image[] = [];
    const lsns: Lsn[] = [];
    const deadline = stepEnd();
    let bytes = 0;
    let steps = 0;
    const sign = range.reverse === true ? -1 : 1;
    const finish = (last: DocKey | undefined) => {
      for (const stream of streams) {
        stream.close();
      }
      return { keys, images, lsns, last };
    };
    for (;;) {
      let next: VersionStream | undefined;
      let nextKey: DocKey | undefined;
      for (const stream of streams) {
        const key = stream.key;
        if (key === undefined) {
          continue;
        }
        const order = nextKey === undefined ? -1 : Buffer.compare(key, nextKey) * sign;
        if (order < 0) {
          next = stream;
          nextKey = key;
        } else if (order === 0) {
          // A nearer timeline has its own version: the ancestor's is masked.
          stream.advance();
        }
      }
      if (next === undefined || nextKey === undefined) {
        return finish(undefined);
      }
      const image = decodeVersion(next.value!, this.readLog);
      const lsn = next.lsn!;
      next.advance();
      if (image !== undefined) {
        keys.push(nextKey);
        images.push(image);
        lsns.push(lsn);
        bytes += image.length;
      }
      steps++;
      if (
        keys.length >= count ||
        bytes >= BATCH_BYTES_MAX ||
        ((steps & 63) === 0 && performance.now() > deadline)
      ) {
        return finish(nextKey);
      }
    }
  }

  /** Every document of a small collection (the catalog), unapplied records included. */
  all(chain: readonly ChainLink[], collection: CollectionId): Map<string, FoundVersion> {
    const found = new Map<string, FoundVersion>();
    for (const link of chain) {
      for (const [text, version] of this.unapplied.all(link.timeline.id, collection, link.cap)) {
        if (!found.has(text)) {
          found.set(text, version);
        }
      }
      const stream = new VersionStream(this.store, link, collection, {});
      while (stream.key !== undefined) {
        const text = stream.key.toString('latin1');
        if (!found.has(text)) {
          found.set(text, { lsn: stream.lsn!, image: decodeVersion(stream.value!, this.readLog) });
        }
        stream.advance();
      }
    }
    return found;
  }

  /** LSNs of the unapplied versions of a collection on one timeline. */
  unappliedLsns(timeline: Timeline, collection: CollectionId): Lsn[] {
    return this.unapplied.lsns(timeline.id, collection);
  }

  /** LSNs of all applied versions of a collection on one timeline (the catalog), unsorted. */
  *lsns(link: ChainLink, collection: CollectionId): Generator<Lsn> {
    const from = verBound(link.timeline.id, collection);
    for (const row of this.store.range('ver', { from, to: verBound(link.timeline.id, collection, true) })) {
      yield verKeyLsn(row.key);
    }
  }
}

/** The timeline that made a change: LSNs grow from an ancestor to its child. */
function ownerIn(chain: readonly Link[], lsn: Lsn): TimelineId {
  let i = 0;
  while (i + 1 < chain.length && lsn <= chain[i + 1]!.cap) {
    i++;
  }
  return chain[i]!.timeline.id;
}

/** Per document of one timeline, the newest version not after the cap, in key order. */
class VersionStream {
  key: DocKey | undefined;
  value: Buffer | undefined;
  lsn: Lsn | undefined;
  private readonly rows: Iterator<Row>;
  private ahead: Row | undefined;
  private readonly cap: Lsn;
  private readonly reverse: boolean;

  constructor(store: OrderedStore, link: Link, collection: CollectionId, range: KeyRange) {
    const { after, reverse = false } = range;
    const timeline = link.timeline.id;
    let from =
      range.from === undefined
        ? verBound(timeline, collection)
        : verKey(timeline, collection, range.from, LAST_LSN);
    let to =
      range.to === undefined
        ? verBound(timeline, collection, true)
        : endOfDocument(verKey(timeline, collection, range.to, FIRST_LSN));
    if (after !== undefined && !reverse) {
      const start = endOfDocument(verKey(timeline, collection, after, FIRST_LSN));
      from = Buffer.compare(start, from) > 0 ? start : from;
    } else if (after !== undefined) {
      const end = verKey(timeline, collection, after, LAST_LSN);
      to = Buffer.compare(end, to) < 0 ? end : to;
    }
    this.cap = link.cap;
    this.reverse = reverse;
    const empty = Buffer.compare(from, to) >= 0;
    this.rows = (empty ? [] : store.range('ver', { from, to, reverse }))[Symbol.iterator]();
    this.step();
    this.advance();
  }

  /** Gives the store's cursor back. */
  close(): void {
    this.rows.return?.();
  }

  private step(): void {
    const next = this.rows.next();
    this.ahead = next.done === true ? undefined : next.value;
  }

  /** Moves to the next document that has a version not after the cap. */
  advance(): void {
    this.key = undefined;
    this.value = undefined;
    this.lsn = undefined;
    while (this.ahead !== undefined && this.key === undefined) {
      const doc = verKeyDoc(this.ahead.key);
      while (this.ahead !== undefined && sameDocument(this.ahead.key, doc)) {
        const lsn = verKeyLsn(this.ahead.key);
        // Forwards the newest version comes first, backwards last.
        if (lsn <= this.cap && (this.reverse || this.key === undefined)) {
          this.key = doc;
          this.value = this.ahead.value;
          this.lsn = lsn;
        }
        this.step();
      }
    }
  }
}

function sameDocument(key: Buffer, doc: DocKey): boolean {
  return key.length === doc.length + 14 && key.compare(doc, 0, doc.length, 8, key.length - 6) === 0;
}

/** The first key after all versions of a document, given the key of its LSN 0. */
function endOfDocument(key: Buffer): Buffer {
  const end = Buffer.allocUnsafe(key.length + 1);
  key.copy(end);
  end[key.length] = 0;
  return end;
}
