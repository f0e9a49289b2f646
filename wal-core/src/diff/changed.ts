import type { CollectionId, DocKey, Lsn } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import type { LineOf, LineReader } from '../read/line';
import { Pace } from '../log/pace';
import { u32 } from '../store/keys';
import type { Scratch } from '../store/scratch';
import type { FarOptions } from './far';
import { readVersions, UNKNOWN, withChange } from './sides';

const NOTHING = Buffer.alloc(0);
const COLLECTION_BYTES = 4;

/** Which of two states that are compared. */
export type Side = 0 | 1;

/** A document that may differ, with the LSN of its version on each side: 0 when it was never there, undefined when unknown. */
export interface ChangedKey {
  readonly key: DocKey;
  readonly versions: readonly [Lsn | undefined, Lsn | undefined];
}

/** Keys of documents that may differ between two states, by collection and in order. */
export interface ChangedKeys {
  collections(): readonly CollectionId[];
  /** Of one collection in key order, not below `from`. */
  keys(collection: CollectionId, from?: Buffer): Generator<ChangedKey>;
  /** Keeps it until `release`: whoever remembers it may let go of it meanwhile. */
  retain(): this;
  /** The last one gives back what it takes. */
  release(): void;
}

/** Keys as they are gathered, in bounded memory. */
export class GatheredKeys implements ChangedKeys {
  private readonly ids = new Set<CollectionId>();
  private users = 1;

  constructor(private readonly rows: Scratch) {}

  retain(): this {
    this.users++;
    return this;
  }

  release(): void {
    if (--this.users === 0) {
      this.rows.close();
    }
  }

  /** A document of which no version is known. */
  add(collection: CollectionId, key: DocKey): void {
    this.ids.add(collection);
    this.rows.set(rowKey(collection, key), UNKNOWN);
  }

  /** A change on the way from a point to one of the sides; those of a side come oldest first. */
  note(
    collection: CollectionId,
    key: DocKey,
    side: Side,
    change: { readonly lsn: Lsn; readonly previous: Lsn },
    point: Lsn
  ): void {
    this.ids.add(collection);
    const row = rowKey(collection, key);
    this.rows.set(row, withChange(this.rows.get(row), side, change, point));
  }

  /** To be awaited now and then while keys are added. */
  async relieve(): Promise<void> {
    if (this.rows.isHeavy) {
      await this.rows.relieve();
    }
  }

  get isHeavy(): boolean {
    return this.rows.isHeavy;
  }

  collections(): readonly CollectionId[] {
    return [...this.ids];
  }

  *keys(collection: CollectionId, from: Buffer = NOTHING): Generator<ChangedKey> {
    for (const { key, value } of this.rows.rows(rowKey(collection, from), u32(collection + 1))) {
      yield { key: key.subarray(COLLECTION_BYTES), versions: readVersions(value) };
    }
  }
}

/** `[collection u32][docKey]` */
export function rowKey(collection: CollectionId, key: DocKey): Buffer {
  const row = Buffer.allocUnsafe(COLLECTION_BYTES + key.length);
  row.writeUInt32BE(collection, 0);
  row.set(key, COLLECTION_BYTES);
  return row;
}

/** The newest state that two states have in common by forking. */
export interface ForkPoint {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
}

/** Walks two ancestries to where they part; undefined between projects. */
export function forkPoint(a: readonly ChainLink[], b: readonly ChainLink[]): ForkPoint | undefined {
  const caps = new Map(a.map(link => [link.timeline, link.cap]));
  for (const link of b) {
    const cap = caps.get(link.timeline);
    if (cap !== undefined) {
      return { timeline: link.timeline, lsn: Math.min(cap, link.cap) as Lsn };
    }
  }
  return undefined;
}

/** Changes of a timeline in `(after, upTo]`, on the way from a point to one of the sides. */
export interface Stretch {
  readonly side: Side;
  readonly timeline: LineOf;
  readonly after: Lsn;
  readonly upTo: Lsn;
}

/** All that lies between two states and the one they have in common: plain data, for workers too. */
export interface Parting {
  readonly point: Lsn;
  /** Those of a side oldest first. */
  readonly stretches: readonly Stretch[];
}

/** How two states came to differ; undefined between projects. */
export function partingOf(a: readonly ChainLink[], b: readonly ChainLink[]): Parting | undefined {
  const point = forkPoint(a, b);
  return point === undefined
    ? undefined
    : { point: point.lsn, stretches: [...stretchesTo(a, 0, point), ...stretchesTo(b, 1, point)] };
}

function stretchesTo(chain: readonly ChainLink[], side: Side, point: ForkPoint): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { timeline, cap } of chain) {
    const isPoint = timeline === point.timeline;
    const after = isPoint ? point.lsn : timeline.forkLsn;
    if (after < cap) {
      stretches.push({ side, timeline: { id: timeline.id }, after, upTo: cap });
    }
    if (isPoint) {
      break;
    }
  }
  return stretches.reverse();
}

/** Puts the keys that may differ between the sides of a parting into `keys`. O(changes). */
export async function collectChanged(
  line: LineReader,
  { point, stretches }: Parting,
  keys: GatheredKeys,
  { signal, onProgress }: FarOptions = {}
): Promise<void> {
  const pace = new Pace(signal);
  let done = 0;
  for (const { side, timeline, after, upTo } of stretches) {
    for (const { record } of line.records(timeline, after, upTo)) {
      keys.note(record.collection, record.key, side, record, point);
      done++;
      if (pace.isDue || keys.isHeavy) {
        await keys.relieve();
        onProgress?.(done);
        await pace.rest();
      }
    }
  }
}
