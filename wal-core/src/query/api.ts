import type { IndexInfo } from '../api';
import type { Collation, RawValue } from '../bson';

/** What a command may carry along with a filter, update or pipeline. */
export interface QueryOptions {
  /** Raw BSON of the command's `let`: variables for expressions. */
  readonly let?: Buffer;
  /** Raw BSON of the command's `collation`; without one, or with the locale `simple`, strings compare by their bytes. */
  readonly collation?: Buffer;
  /** Milliseconds since 1970 for `$$NOW`, the same during one command. Default: when it is compiled. */
  readonly now?: number;
}

/** One end of an interval; `undefined` where an interval is open. */
export interface Bound {
  readonly value: RawValue;
  readonly inclusive: boolean;
}

/** An interval of values in `compareValues` order. */
export interface Interval {
  readonly lower?: Bound;
  readonly upper?: Bound;
}

/** A compiled filter. It reads raw bytes and keeps no state between documents. */
export interface Filter {
  /** Raw BSON it was compiled from, and what it was compiled with. */
  readonly source: Buffer;
  readonly options: QueryOptions;
  /** True when it has no condition: it matches everything. */
  readonly isEmpty: boolean;
  matches(doc: Buffer): boolean;
  /** The same for a document that lies in some bytes from `start` on. */
  matchesAt(bytes: Buffer, start: number): boolean;
  /** Like `matches`; `position` is the index of the array element that matched, for the positional `$`. */
  matchWithPosition(doc: Buffer): { readonly matched: boolean; readonly position?: string };
  /** The `_id`s that can match (`_id` equality or `$in` without regular expressions); undefined when there are others. */
  idEquals(): RawValue[] | undefined;
  /**
   * Intervals, sorted and disjoint, outside of which no *index key value* of `path` can
   * belong to a matching document; undefined when the filter says nothing of use.
   * A missing field counts as null, as in index keys. One bound list per path; for
   * paths through arrays conditions are not intersected, because different elements
   * may satisfy them. `index` is the collation of the index, whose keys hold folded strings.
   */
  bounds(path: string, single?: boolean, index?: Collation): readonly Interval[] | undefined;
  /** The collation it compares strings by; undefined: their bytes. */
  readonly collation: Collation | undefined;
  /** Equalities at the top level (`{a: 5}`, `{a: {$eq: 5}}`, inside `$and`), which an upsert copies. */
  equalities(): readonly { readonly path: string; readonly value: RawValue }[];
}

/** A compiled projection. */
export interface Projection {
  readonly isEmpty: boolean;
  /** True when it holds the positional `$` and `apply` needs the filter's position. */
  readonly needsPosition: boolean;
  /** @throws when the positional operator found no position (mongoCode 51246) */
  apply(doc: Buffer, position?: string): Buffer;
}

/** A compiled sort order. */
export interface Sort {
  /** Raw BSON it was compiled from. */
  readonly source: Buffer;
  readonly isEmpty: boolean;
  /** The collation it orders strings by; undefined: their bytes. */
  readonly collation: Collation | undefined;
  /** Order of two documents. For many documents use `sort` or `sorter`, which take keys out once. */
  compare(a: Buffer, b: Buffer): number;
  /** Sorts a few documents in place, stable. */
  sort(docs: Buffer[]): Buffer[];
  /** Sorts many documents in small steps, stable; with `most` it keeps no more than the first so many. */
  sorter(most?: number): Sorter;
}

/** A sort under way. No step takes longer than a few milliseconds, whatever the number of documents. */
export interface Sorter {
  push(doc: Buffer): void;
  /**
   * Whether the document that begins at `start` surely comes after all that are kept, so that it need not be pushed;
   * told by a number where it lies, without taking a key out of it.
   */
  isBeyond(bytes: Buffer, start: number): boolean;
  /** Bytes of what it holds in memory: documents and keys. */
  readonly bytes: number;
  /** Moves what it holds to disk. The spill must stay open until the result is taken. */
  spill(to: Spill): void;
  /** The documents in order, in batches, some of them empty; the caller lets others run in between. */
  finish(): Iterable<readonly Buffer[]>;
}

/** A scratch file. Offsets and lengths are in bytes. */
export interface Spill {
  /** Bytes written so far. */
  readonly bytes: number;
  /** Writes at the end; answers where that was. @throws what the file system says */
  append(bytes: Buffer): number;
  /** Fills the target from an offset on; answers how many bytes there were. */
  read(at: number, target: Buffer): number;
  /** Closes and removes it. */
  close(): void;
}

export interface UpdateOptions extends QueryOptions {
  /** Raw BSON documents of `arrayFilters`. */
  readonly arrayFilters?: readonly Buffer[];
}

export interface UpdateContext {
  /** Milliseconds since 1970, for `$currentDate`. */
  readonly now?: number;
  /** Index of the array element that the filter matched, for the positional `$`. */
  readonly position?: string | undefined;
  /** Increment part for timestamps of `$currentDate`. */
  readonly timestamp?: bigint;
}

/** A compiled update: operators, a pipeline, or a replacement. */
export interface Update {
  readonly kind: 'operators' | 'pipeline' | 'replacement';
  /** True when it uses the positional `$`. */
  readonly needsPosition: boolean;
  /** As in MongoDB, a replacement that leaves `_id` out counts as a modification even when it changes nothing. */
  readonly countsAlways?: boolean;
  /** The document after the update; the very same buffer when nothing changes. `_id` cannot change (mongoCode 66). */
  apply(doc: Buffer, context?: UpdateContext): Buffer;
  /** The document an upsert inserts: equalities of the filter, then the update. Without `_id` when neither gives one. */
  upsert(filter: Filter, context?: UpdateContext): Buffer;
}

/** Documents one by one or in batches; batches are faster. */
export type DocumentSource = AsyncIterable<Buffer | readonly Buffer[]>;

export interface PipelineContext {
  /** Documents of another collection, for $lookup, $graphLookup and $unionWith. `filter` may be used to read less; it is applied again. */
  collection(name: string, filter?: Filter): DocumentSource;
  /** Whether an index of another collection leads to the documents that have a value at a path. */
  isIndexed?(name: string, path: string): boolean;
  /** Milliseconds since 1970. */
  readonly now?: number;
  /** Raw BSON of the command's `let`. */
  readonly let?: Buffer;
  readonly collation?: Buffer;
  /** Opens a scratch file for `$sort` and `$group` that outgrow memory; without it (no `allowDiskUse`) that is error 292. */
  readonly spill?: () => Spill;
  /** Bytes that a blocking stage ($sort, $group …) may hold; default 100 MiB. */
  readonly memoryBytesMax?: number;
  /** A number in [0, 1), for $sample and $rand; tests own it. */
  readonly random?: () => number;
  readonly signal?: AbortSignal;
}

/** A stage as it stands in a command: `{$match: …}`. */
export interface StageSpec {
  readonly name: string;
  readonly value: RawValue;
}

/** The leading stages that a planner can take over. */
export interface PipelineLead {
  readonly filter?: Buffer;
  readonly sort?: Buffer;
  readonly skip?: number;
  readonly limit?: number;
  /** How many stages these came from; pass it to `Pipeline.from`. */
  readonly stages: number;
}

/** A pipeline that is shown its documents one by one. */
export interface PipelineTally {
  /** Shows it the document that begins at `start`; the bytes may be used for others afterwards. */
  add(bytes: Buffer, start: number): void;
  /** Its results, when it has seen all documents. */
  results(): AsyncIterable<readonly Buffer[]>;
  /**
   * Whether several that were shown a part of the documents each can be put together, so far: it comes to what one
   * would have, to the last bit, and is not much.
   */
  readonly isShareable: boolean;
  /** What it has gathered, as plain data for another thread. */
  share(): TallyShare;
  /** Takes in the share of documents behind all it knows of; afterwards it must be shareable still. */
  absorb(share: TallyShare): void;
}

/** What a tally gathered, group by group in the order in which they were met. */
export type TallyShare = readonly {
  readonly id: BytesOfValue;
  readonly states: readonly FoldShare[];
}[];

/** What an accumulator gathered: those of `$sum` and `$avg` have a sum, `$min` and `$max` a best value. */
export interface FoldShare {
  readonly sum?: SumShare;
  readonly count?: number;
  readonly best?: BytesOfValue;
}

/** A sum that another can take in. */
export interface SumShare {
  readonly type: number;
  readonly sum: number;
  /** Sum of the absolute values. */
  readonly magnitude: number;
}

/** A value for another thread. */
interface BytesOfValue {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A compiled pipeline. */
export interface Pipeline {
  readonly stages: readonly StageSpec[];
  readonly lead: PipelineLead;
  /** Names of the other collections it reads. */
  readonly collections: readonly string[];
  /** How many of its leading stages read no other collection. */
  readonly alone: number;
  /** True when it begins with a stage that makes its own documents ($documents). */
  readonly startsItself: boolean;
  /**
   * Runs on documents that are shown one by one where they lie, when its first stage keeps nothing of them;
   * undefined when it does.
   */
  tally(context: PipelineContext): PipelineTally | undefined;
  /** Runs on a source; `from` skips leading stages that the caller has done. Yields batches. */
  run(source: DocumentSource, context: PipelineContext, from?: number): AsyncIterable<readonly Buffer[]>;
}

/** An index that answers a query: never wrong, the filter is always applied again. */
export interface IndexPlan {
  readonly index: IndexInfo;
  /** Ranges of KeyStrings, in scan order. Keys may be prefixes of compound keys. */
  readonly ranges: readonly KeyRange[];
  readonly reverse: boolean;
  /** True when documents come in the sort's order (each document's first appearance counts). */
  readonly providesSort: boolean;
  /** True when the index may hold several entries of one document, so that the caller must drop repeats. */
  readonly mayRepeat: boolean;
}

export interface KeyRange {
  readonly lower?: { readonly key: Buffer; readonly inclusive: boolean };
  readonly upper?: { readonly key: Buffer; readonly inclusive: boolean };
}
