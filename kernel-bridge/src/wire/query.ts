import { setImmediate as yieldToLoop } from 'node:timers/promises';
import {
  HASHED_KEY_MARK,
  type CollectionInfo,
  type DocKey,
  type Filter,
  type Projection,
  type ScanBatch,
  type Snapshot,
  type Sort,
  type Spill
} from '@argon/wal-core';
import type { DocumentSource } from './cursors';
import { MongoError } from './errors';
import { SORT_BYTES_MAX } from './limits';
import type { Operation } from './operation';
import type { Plan } from './plan';
import type { ShownKeys } from './shown-keys';

/** What a query asks, compiled. */
export interface Query {
  readonly filter: Filter;
  readonly sort: Sort | undefined;
  readonly projection: Projection | undefined;
  readonly skip: number;
  /** Infinity: all. */
  readonly limit: number;
}

/** What a query did, for `explain`. */
export interface QueryStatistics {
  keysExamined: number;
  docsExamined: number;
  returned: number;
  /** Bytes a sort wrote to disk. */
  spilledBytes: number;
}

/** A document with its key: what updates need to find it again. */
export interface Found {
  readonly key: DocKey;
  readonly image: Buffer;
}

const IDS_PER_BATCH = 512;

/** Reads a state by a plan. Documents go through as the bytes they are, unless a projection makes new ones. */
export class QueryRun {
  readonly statistics: QueryStatistics = {
    keysExamined: 0,
    docsExamined: 0,
    returned: 0,
    spilledBytes: 0
  };

  /** Shows something else than the document, or more. */
  show: ShownKeys | undefined;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly collection: CollectionInfo | undefined,
    readonly plan: Plan,
    readonly query: Query,
    private readonly operation: Operation,
    /** Opens a scratch file when the query may use the disk. */
    private readonly spill: (() => Spill) | undefined = undefined
  ) {}

  /** The answer when it can be had without waiting: a read of one `_id`. */
  immediate(): Buffer[] | undefined {
    const { plan, collection, query } = this;
    if (plan.kind === 'none') {
      return [];
    }
    if (plan.kind !== 'ids' || plan.keys.length > 1 || query.skip > 0 || collection === undefined) {
      return undefined;
    }
    const out: Buffer[] = [];
    for (const key of plan.keys) {
      this.statistics.keysExamined++;
      const image = this.snapshot.get(collection, key);
      if (image !== undefined) {
        this.statistics.docsExamined++;
        const document = this.accept(image);
        if (document !== undefined) {
          out.push(document);
        }
      }
    }
    this.statistics.returned = out.length;
    return out;
  }

  /** The answer in batches. */
  documents(): DocumentSource {
    let atEnd = false;
    const stream = this.stream(() => {
      atEnd = true;
    });
    return { [Symbol.asyncIterator]: () => stream, isAtEnd: () => atEnd };
  }

  /** Number of matching documents after skip and limit. A count of everything is known without reading. */
  async count(): Promise<number> {
    const { query, plan, collection } = this;
    if (collection === undefined || plan.kind === 'none') {
      return 0;
    }
    const { filter, skip, limit } = query;
    if (filter.isEmpty && plan.kind !== 'index') {
      return Math.max(0, Math.min((await this.snapshot.count(collection)) - skip, limit));
    }
    let n = 0;
    for await (const { images } of this.batches()) {
      this.operation.check();
      this.statistics.docsExamined += images.length;
      for (const image of images) {
        if (filter.matches(image)) {
          n++;
        }
      }
      if (n >= skip + limit) {
        break;
      }
    }
    return Math.max(0, Math.min(n - skip, limit));
  }

  /** Matching documents with their keys, without sort, skip, limit and projection. */
  async *found(): AsyncGenerator<Found[]> {
    const { filter } = this.query;
    for await (const { keys, images } of this.batches()) {
      this.operation.check();
      const out: Found[] = [];
      for (let at = 0; at < images.length; at++) {
        const image = images[at]!;
        this.statistics.docsExamined++;
        if (filter.matches(image)) {
          out.push({ key: keys[at]!, image });
        }
      }
      if (out.length > 0) {
        yield out;
      }
    }
  }

  private async *stream(onEnd: () => void): AsyncGenerator<readonly Buffer[]> {
    const { sort, skip, limit } = this.query;
    const ready = this.immediate();
    if (ready !== undefined) {
      onEnd();
      if (ready.length > 0 && limit > 0) {
        yield ready;
      }
      return;
    }
    if (sort !== undefined && !(await this.comesSorted())) {
      yield* this.sorted(sort);
      return;
    }
    let toSkip = skip;
    let left = limit;
    for await (const { images } of this.batches()) {
      this.operation.check();
      const out: Buffer[] = [];
      for (const image of images) {
        this.statistics.docsExamined++;
        if (toSkip > 0) {
          if (this.query.filter.matches(image)) {
            toSkip--;
          }
          continue;
        }
        const document = this.accept(image);
        if (document !== undefined) {
          out.push(document);
          if (--left === 0) {
            break;
          }
        }
      }
      this.statistics.returned += out.length;
      if (left === 0) {
        onEnd();
      }
      if (out.length > 0) {
        yield out;
      }
      if (left === 0) {
        return;
      }
    }
  }

  /** Whether the plan yields the sort's order. Keys too long for the store stand apart, out of order. */
  private async comesSorted(): Promise<boolean> {
    const { plan, collection } = this;
    if (plan.kind === 'none') {
      return true;
    }
    const certain =
      plan.kind === 'index' || plan.kind === 'capped' || (plan.kind === 'scan' && plan.natural === true);
    if (!plan.sorted || certain || collection === undefined) {
      return plan.sorted;
    }
    if (plan.kind === 'ids') {
      return !plan.keys.some(key => key[0] === HASHED_KEY_MARK);
    }
    for await (const batch of this.snapshot.scan(collection, {
      from: Buffer.from([HASHED_KEY_MARK]),
      batch: 1
    })) {
      if (batch.images.length > 0) {
        return false;
      }
    }
    return true;
  }

  /** Sorts in memory; with a limit only as much as is asked for is kept. */
  private async *sorted(sort: Sort): AsyncGenerator<readonly Buffer[]> {
    const { skip, limit, filter } = this.query;
    const sorter = sort.sorter(Number.isFinite(limit) ? skip + limit : undefined);
    let spilled: Spill | undefined;
    try {
      for await (const { images } of this.batches()) {
        this.operation.check();
        for (const image of images) {
          this.statistics.docsExamined++;
          if (filter.matches(image)) {
            sorter.push(image);
          }
        }
        if (sorter.bytes > SORT_BYTES_MAX) {
          if (this.spill === undefined) {
            throw new MongoError(
              'QueryExceededMemoryLimitNoDiskUseAllowed',
              `Sort exceeded memory limit of ${SORT_BYTES_MAX} bytes, but did not opt in to external sorting. ` +
                'Pass allowDiskUse: true, create an index that gives the order, or set a limit.'
            );
          }
          sorter.spill((spilled ??= this.spill()));
        }
      }
      let toSkip = skip;
      for (const batch of sorter.finish()) {
        await yieldToLoop();
        this.operation.check();
        const out = batch.slice(toSkip).map(image => this.accept(image) ?? image);
        toSkip = Math.max(0, toSkip - batch.length);
        this.statistics.returned += out.length;
        if (out.length > 0) {
          yield out;
        }
      }
    } finally {
      this.statistics.spilledBytes = spilled?.bytes ?? 0;
      spilled?.close();
    }
  }

  /** The document as the reply shows it; undefined when the filter does not match. */
  private accept(image: Buffer): Buffer | undefined {
    const shown = this.projected(image);
    return shown === undefined || this.show === undefined ? shown : this.show(image, shown);
  }

  private projected(image: Buffer): Buffer | undefined {
    const { filter, projection } = this.query;
    if (projection === undefined) {
      return filter.isEmpty || filter.matches(image) ? image : undefined;
    }
    if (projection.needsPosition) {
      const { matched, position } = filter.matchWithPosition(image);
      return matched ? projection.apply(image, position) : undefined;
    }
    return filter.isEmpty || filter.matches(image) ? projection.apply(image) : undefined;
  }

  /** Candidates in the plan's order, each once. */
  private async *batches(): AsyncGenerator<ScanBatch> {
    const { plan, collection, snapshot } = this;
    const { signal } = this.operation;
    if (plan.kind === 'none' || collection === undefined) {
      return;
    }
    switch (plan.kind) {
      case 'ids':
        yield* this.byIds(plan.keys, collection);
        return;
      case 'scan': {
        const stretches = plan.reverse ? [...plan.stretches].reverse() : plan.stretches;
        for (const stretch of stretches) {
          const { before } = plan;
          for await (const batch of snapshot.scan(collection, {
            ...stretch,
            reverse: plan.reverse,
            signal
          })) {
            yield before === undefined ? batch : withoutFrom(batch, before);
          }
        }
        return;
      }
      case 'capped':
        yield* this.byIds(await plan.keys(), collection);
        return;
      case 'index':
        yield* this.byIndex(plan, collection);
    }
  }

  private *byIds(keys: readonly DocKey[], collection: CollectionInfo): Generator<ScanBatch> {
    for (let at = 0; at < keys.length; at += IDS_PER_BATCH) {
      const found: { keys: DocKey[]; images: Buffer[] } = { keys: [], images: [] };
      for (const key of keys.slice(at, at + IDS_PER_BATCH)) {
        if (this.plan.kind === 'ids') {
          this.statistics.keysExamined++;
        }
        const image = this.snapshot.get(collection, key);
        if (image !== undefined) {
          found.keys.push(key);
          found.images.push(image);
        }
      }
      yield found;
    }
  }

  private async *byIndex(
    plan: Plan & { kind: 'index' },
    collection: CollectionInfo
  ): AsyncGenerator<ScanBatch> {
    const { index, ranges, reverse, mayRepeat } = plan.plan;
    const { signal } = this.operation;
    const seen = mayRepeat ? new Set<string>() : undefined;
    for (const range of ranges) {
      for await (const batch of this.snapshot.scanIndex(collection, index, { ...range, reverse, signal })) {
        this.statistics.keysExamined += batch.keys.length;
        yield seen === undefined ? batch : withoutRepeats(batch, seen);
      }
    }
  }
}

/** A batch without the documents from a key on. */
function withoutFrom(batch: ScanBatch, end: DocKey): ScanBatch {
  const isInside = batch.keys.map(key => Buffer.compare(key, end) < 0);
  return {
    keys: batch.keys.filter((_, at) => isInside[at]),
    images: batch.images.filter((_, at) => isInside[at])
  };
}

function withoutRepeats(batch: ScanBatch, seen: Set<string>): ScanBatch {
  const keys: DocKey[] = [];
  const images: Buffer[] = [];
  for (let at = 0; at < batch.keys.length; at++) {
    const key = batch.keys[at]!;
    const name = key.toString('latin1');
    if (!seen.has(name)) {
      seen.add(name);
      keys.push(key);
      images.push(batch.images[at]!);
    }
  }
  return { keys, images };
}
