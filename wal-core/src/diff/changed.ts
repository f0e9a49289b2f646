import type { CollectionId, DocKey, Lsn } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import type { LineReader } from '../read/line';
import { Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import { u32 } from '../store/keys';
import type { Scratch } from '../store/scratch';

const NOTHING = Buffer.alloc(0);
const COLLECTION_BYTES = 4;

/** Keys of documents that may differ, by collection and in order, in bounded memory. */
export class ChangedKeys {
  private readonly ids = new Set<CollectionId>();
  private users = 1;

  constructor(private readonly rows: Scratch) {}

  /** Keeps it until `release`: whoever remembers it may let go of it meanwhile. */
  retain(): this {
    this.users++;
    return this;
  }

  /** The last one gives the memory back. */
  release(): void {
    if (--this.users === 0) {
      this.rows.close();
    }
  }

  add(collection: CollectionId, key: DocKey): void {
    this.ids.add(collection);
    this.rows.set(rowKey(collection, key), NOTHING);
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

  /** Keys of one collection in key order, not below `from`. */
  *keys(collection: CollectionId, from: Buffer = NOTHING): Generator<DocKey> {
    for (const { key } of this.rows.rows(rowKey(collection, from), u32(collection + 1))) {
      yield key.subarray(COLLECTION_BYTES);
    }
  }
}

/** `[collection u32][docKey]` */
export function rowKey(collection: CollectionId, key: DocKey): Buffer {
  return Buffer.concat([u32(collection), key]);
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

/** Collects the keys changed on the way from `point` to the state of `chain` into `keys`. O(changes). */
export async function collectChanged(
  line: LineReader,
  chain: readonly ChainLink[],
  point: ForkPoint,
  keys: ChangedKeys,
  signal?: AbortSignal
): Promise<void> {
  const pace = new Pace(signal);
  for (const { timeline, cap } of chain) {
    const isPoint = timeline === point.timeline;
    for (const { record } of line.records(timeline, isPoint ? point.lsn : timeline.forkLsn, cap)) {
      keys.add(record.collection, record.key);
      if (pace.isDue || keys.isHeavy) {
        await keys.relieve();
        await pace.rest();
      }
    }
    if (isPoint) {
      return;
    }
  }
}

/** Puts the keys that may differ between two states of a project into `keys`. */
export async function changedBetween(
  line: LineReader,
  a: View,
  b: View,
  keys: ChangedKeys,
  signal?: AbortSignal
): Promise<void> {
  const point = forkPoint(a.chain, b.chain);
  if (point !== undefined) {
    await collectChanged(line, a.chain, point, keys, signal);
    await collectChanged(line, b.chain, point, keys, signal);
  }
}
