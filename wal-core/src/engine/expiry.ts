import type { CollectionInfo, IndexInfo, Origin } from '../api';
import { encodeKey, field, keyPattern } from '../bson';
import { isArgonError } from '../errors';
import { EXPIRED_DOCUMENTS_MAX } from '../limits';
import { nextTurn, throwIfAborted } from '../log/pace';
import type { Core } from './core';
import { write } from './write';

const DATE = 0x09;
const DOUBLE = 0x01;
const INT32 = 0x10;
const INT64 = 0x12;
/** The earliest date there is, in milliseconds. */
const FIRST_DATE_MS = -(2n ** 63n);

/** Documents that a sweep removed from one collection. */
export interface Swept {
  readonly project: string;
  readonly branch: string;
  readonly collection: string;
  readonly removed: number;
}

/**
 * Removes documents whose time is over by an index with `expireAfterSeconds`, on every branch by itself, in small
 * commits like those of any writer: they are history and can be undone. Protected branches are left alone.
 */
export async function sweepExpired(core: Core, origin: Origin, signal?: AbortSignal): Promise<Swept[]> {
  const swept: Swept[] = [];
  for (const project of core.registry.projects()) {
    for (const { name: branch, timeline, isProtected } of [...project.branches.values()]) {
      throwIfAborted(signal);
      for (const collection of isProtected ? [] : core.catalogs.at(timeline, timeline.durableHead).list()) {
        for (const index of collection.indexes) {
          const bounds = expiredBounds(index, core.wallMs());
          if (bounds === undefined) {
            continue;
          }
          try {
            const removed = await sweep(core, project.name, branch, collection, index, bounds, origin);
            if (removed > 0) {
              swept.push({ project: project.name, branch, collection: collection.name, removed });
            }
          } catch (error) {
            if (!isGone(error)) {
              throw error;
            }
          }
        }
      }
      await nextTurn();
    }
  }
  return swept;
}

/** A branch or project that went while it was looked at needs no sweep. */
function isGone(error: unknown): boolean {
  return (
    isArgonError(error) &&
    ['BRANCH_NOT_FOUND', 'PROJECT_NOT_FOUND', 'REF_NOT_FOUND', 'BRANCH_PROTECTED'].includes(error.code)
  );
}

interface Bounds {
  readonly lower: Buffer;
  readonly upper: Buffer;
}

/** Keys of dates that are over by an index; undefined when it is not one by which documents expire. */
function expiredBounds({ spec, key }: IndexInfo, nowMs: number): Bounds | undefined {
  const seconds = secondsOf(spec);
  const { paths, descending } = keyPattern(key);
  if (seconds === undefined || paths.length !== 1) {
    return undefined;
  }
  const at = (ms: bigint) => encodeKey([{ type: DATE, bytes: int64(ms) }], descending);
  const [first, last] = [at(FIRST_DATE_MS), at(BigInt(Math.floor(nowMs - seconds * 1000)))];
  return descending[0] === true ? { lower: last, upper: first } : { lower: first, upper: last };
}

function secondsOf(spec: Buffer): number | undefined {
  const value = field(spec, 'expireAfterSeconds');
  switch (value?.type) {
    case INT32:
      return value.bytes.readInt32LE(0);
    case INT64:
      return Number(value.bytes.readBigInt64LE(0));
    case DOUBLE:
      return Number.isFinite(value.bytes.readDoubleLE(0)) ? value.bytes.readDoubleLE(0) : undefined;
    default:
      return undefined;
  }
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value, 0);
  return bytes;
}

async function sweep(
  core: Core,
  project: string,
  branch: string,
  { name }: CollectionInfo,
  index: IndexInfo,
  { lower, upper }: Bounds,
  origin: Origin
): Promise<number> {
  let removed = 0;
  const isOver = (image: Buffer | undefined) =>
    core.keys
      .keys(index, image)
      .some(key => Buffer.compare(key, lower) >= 0 && Buffer.compare(key, upper) <= 0);
  for (;;) {
    const view = core.resolve(project, branch);
    const collection = view.collection(name);
    const found = collection?.indexes.find(candidate => candidate.id === index.id);
    if (collection === undefined || found === undefined) {
      return removed;
    }
    const options = {
      lower: { key: lower, inclusive: true },
      upper: { key: upper, inclusive: true },
      batch: EXPIRED_DOCUMENTS_MAX
    };
    const [batch] = await firstOf(view.scanIndex(collection, found, options));
    const keys = batch?.keys ?? [];
    if (keys.length === 0) {
      return removed;
    }
    const { result: count } = await write(core, project, branch, origin, writer => {
      const current = writer.collection(name);
      // It is looked at again, for somebody may have given it more time.
      const over = current === undefined ? [] : keys.filter(key => isOver(writer.get(current, key)));
      return over.filter(key => writer.remove(current!, key)).length;
    });
    if (count === 0) {
      return removed;
    }
    removed += count;
  }
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) {
    return [item];
  }
  return [];
}
