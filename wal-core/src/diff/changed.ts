import type { CollectionId, DocKey, Lsn } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import { SLICE_MS_MAX } from '../limits';
import type { LineReader } from '../read/line';
import { nextTurn, throwIfAborted, type View } from '../read/snapshot';
import { keyText } from '../read/unapplied';

/** Keys of documents that may differ, by collection. */
export type ChangedKeys = Map<CollectionId, Map<string, DocKey>>;

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
  let deadline = performance.now() + SLICE_MS_MAX;
  for (const { timeline, cap } of chain) {
    const isPoint = timeline === point.timeline;
    for (const { record } of line.records(timeline, isPoint ? point.lsn : timeline.forkLsn, cap)) {
      let documents = keys.get(record.collection);
      if (documents === undefined) {
        documents = new Map();
        keys.set(record.collection, documents);
      }
      documents.set(keyText(record.key), record.key);
      if (performance.now() > deadline) {
        throwIfAborted(signal);
        await nextTurn();
        deadline = performance.now() + SLICE_MS_MAX;
      }
    }
    if (isPoint) {
      return;
    }
  }
}

/** Keys that may differ between two states of a project. */
export async function changedBetween(
  line: LineReader,
  a: View,
  b: View,
  signal?: AbortSignal
): Promise<ChangedKeys> {
  const keys: ChangedKeys = new Map();
  const point = forkPoint(a.chain, b.chain);
  if (point !== undefined) {
    await collectChanged(line, a.chain, point, keys, signal);
    await collectChanged(line, b.chain, point, keys, signal);
  }
  return keys;
}

/** Document keys of one collection in key order. */
export function sortedKeys(documents: ReadonlyMap<string, DocKey>): DocKey[] {
  return [...documents.values()].sort((a, b) => Buffer.compare(a, b));
}
