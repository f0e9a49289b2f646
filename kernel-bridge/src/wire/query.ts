import { setImmediate as yieldToLoop } from 'node:timers/promises';
import {
  HASHED_KEY_MARK,
  documentOf,
  isArgonError,
  matching,
  type CollectionInfo,
  type DocKey,
  type Filter,
  type FlowBatch,
  type LongRead,
  type LongReads,
  type Lsn,
  type MatchBatch,
  type Pipeline,
  type Projection,
  type ScanBatch,
  type SeenHead,
  type Snapshot,
  type Sort,
  type Spill
} from '@argon/wal-core';
import { candidates, type QueryStatistics } from './candidates';
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

/** A document with its key: what updates need to find it again. */
export interface Found {
  readonly key: DocKey;
  readonly image: Buffer;
  /** LSN of this version, where it was easy to find. */
  readonly lsn: Lsn | undefined;
}

/** A pipeline over fewer documents than this is run here. */
const SHORT_DOCUMENTS = 1_000;

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

  /** The state that is read, for writes that follow from it. */
  get seen(): SeenHead | undefined {
    return this.snapshot.seen;
  }

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
    const long = this.long();
    if (long !== undefined) {
      const found = await long.reads.countMatching(collection, { ...long.read, most: skip + limit });
      this.statistics.docsExamined += found.examined;
      return Math.max(0, found.count - skip);
    }
    let n = 0;
    for await (const { images } of this.matching()) {
      n += images.length;
      if (n >= skip + limit) {
        break;
      }
    }
    return Math.max(0, Math.min(n - skip, limit));
  }

  /** Matching documents with their keys, without sort, skip, limit and projection. */
  async *found(): AsyncGenerator<Found[]> {
    for await (const { keys, images, lsns } of this.matching(this.seen !== undefined)) {
      if (images.length > 0) {
        yield images.map((image, at) => ({ key: keys[at]!, image, lsn: lsns?.[at] as Lsn | undefined }));
      }
    }
  }

  /**
   * The query's documents through those leading stages of a pipeline that need nothing else, on a worker: instead of
   * `documents()` and the first `stages` of the pipeline. Undefined when that is not worth it.
   */
  through(
    pipeline: Pipeline,
    onDocuments: (documents: number) => void
  ): { readonly documents: DocumentSource; readonly stages: number } | undefined {
    const long = this.long();
    const { lead, alone } = pipeline;
    const isInOrder = this.query.sort !== undefined && this.plan.kind === 'scan' && this.plan.sorted;
    // Workers do not spill to disk.
    const isShort = this.query.limit < SHORT_DOCUMENTS || alone <= lead.stages;
    if (long === undefined || isInOrder || isShort || this.spill !== undefined) {
      return undefined;
    }
    const stages = pipeline.stages
      .slice(lead.stages, alone)
      .map(({ name, value }) => documentOf([{ ...value, name }]));
    const flow = this.flow(long, stages);
    return flow === undefined ? undefined : { documents: this.flowing(flow, onDocuments), stages: alone };
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
    for await (const { images, examined, examinedAt } of this.matching()) {
      const out: Buffer[] = [];
      for (const [at, image] of images.entries()) {
        if (toSkip > 0) {
          toSkip--;
          continue;
        }
        out.push(this.shown(image));
        if (--left === 0) {
          this.statistics.docsExamined -= examined - examinedAt[at]!;
          break;
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

  /** Sorts in memory, on a worker where that pays; with a limit only as much as is asked for is kept. */
  private async *sorted(sort: Sort): AsyncGenerator<readonly Buffer[]> {
    const long = this.spill === undefined ? this.long() : undefined;
    const flow = long === undefined ? undefined : this.flow(long, []);
    yield* flow === undefined ? this.sortedHere(sort) : this.sortedAway(flow);
  }

  private async *sortedAway(flow: AsyncIterable<FlowBatch>): AsyncGenerator<readonly Buffer[]> {
    for await (const batch of this.flowing(flow, () => undefined)) {
      this.statistics.returned += batch.length;
      yield batch.map(image => this.shown(image));
    }
  }

  private async *sortedHere(sort: Sort): AsyncGenerator<readonly Buffer[]> {
    const { skip, limit } = this.query;
    const sorter = sort.sorter(Number.isFinite(limit) ? skip + limit : undefined);
    let spilled: Spill | undefined;
    try {
      for await (const { images } of this.matching()) {
        for (const image of images) {
          sorter.push(image);
        }
        if (sorter.bytes > SORT_BYTES_MAX) {
          if (this.spill === undefined) {
            throw sortTooLarge();
          }
          sorter.spill((spilled ??= this.spill()));
        }
      }
      let toSkip = skip;
      for (const batch of sorter.finish()) {
        await yieldToLoop();
        this.operation.check();
        const out = batch.slice(toSkip).map(image => this.shown(image));
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

  /** A document that matches, as the reply shows it. */
  private shown(image: Buffer): Buffer {
    const { filter, projection } = this.query;
    const position =
      projection?.needsPosition === true ? filter.matchWithPosition(image).position : undefined;
    const shown = projection === undefined ? image : projection.apply(image, position);
    return this.show === undefined ? shown : this.show(image, shown);
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

  /** Workers, and what they are to read, for a filtered walk over the collection. */
  private long(): { readonly reads: LongReads; readonly read: LongRead } | undefined {
    const { plan, query, operation } = this;
    // What is not there has no state to be read in.
    const reads = plan.kind === 'scan' ? this.snapshot.long : undefined;
    if (plan.kind !== 'scan' || plan.before !== undefined || reads === undefined) {
      return undefined;
    }
    const { stretches, reverse } = plan;
    return { reads, read: { filter: query.filter, stretches, reverse, signal: operation.signal } };
  }

  private flow(
    { reads, read }: { readonly reads: LongReads; readonly read: LongRead },
    stages: readonly Buffer[]
  ): AsyncIterable<FlowBatch> | undefined {
    const { sort, skip, limit } = this.query;
    return reads.flow(this.collection!, {
      ...read,
      skip,
      limit,
      stages,
      ...(sort === undefined ? {} : { sort: sort.source, memoryBytesMax: SORT_BYTES_MAX })
    });
  }

  /** Results of a flow, counted. */
  private async *flowing(
    flow: AsyncIterable<FlowBatch>,
    onDocuments: (documents: number) => void
  ): AsyncGenerator<readonly Buffer[]> {
    try {
      for await (const { images, examined, matched } of flow) {
        this.operation.check();
        this.statistics.docsExamined += examined;
        onDocuments(matched);
        if (images.length > 0) {
          yield images;
        }
      }
    } catch (error) {
      throw isArgonError(error, 'LIMIT_EXCEEDED') ? sortTooLarge() : error;
    }
  }

  /** Matching documents in the plan's order, each once. */
  private async *matching(versions = false): AsyncGenerator<MatchBatch> {
    const { filter } = this.query;
    // Without a filter there is nothing to do but to bring the documents here.
    const long = filter.isEmpty ? undefined : this.long();
    if (long !== undefined) {
      for await (const batch of long.reads.matching(this.collection!, { ...long.read, versions })) {
        this.operation.check();
        this.statistics.docsExamined += batch.examined;
        yield batch;
      }
      return;
    }
    for await (const batch of matching(this.candidates(), filter, this.operation.signal)) {
      this.operation.check();
      this.statistics.docsExamined += batch.examined;
      yield batch;
    }
  }

  private candidates(): AsyncGenerator<ScanBatch> {
    const { snapshot, collection, plan, statistics, operation } = this;
    return candidates(snapshot, collection, plan, statistics, operation.signal);
  }
}

function sortTooLarge(): MongoError {
  return new MongoError(
    'QueryExceededMemoryLimitNoDiskUseAllowed',
    `Sort exceeded memory limit of ${SORT_BYTES_MAX} bytes, but did not opt in to external sorting. ` +
      'Pass allowDiskUse: true, create an index that gives the order, or set a limit.'
  );
}
