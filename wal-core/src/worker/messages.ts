import type { CollectionId, FilterOptions, Lsn } from '../api';
import type { ErrorCode, ErrorData } from '../errors';
import type { Parting } from '../diff/changed';
import type { ChangeCounts } from '../diff/far';
import type { BuildTask } from '../image/build';
import type { Stack } from '../image/stack';
import type { ImageFacts } from '../image/writer';
import type { PackedLists } from '../overlay/packed';
import type { TallyShare } from '../query';
import type { Link } from '../read/versions';
import type { PackedEntries } from './entrypack';

/*
 * What goes between the main thread and a worker. Everything is plain data: bytes arrive as `Uint8Array`, and what
 * is sent must own its memory, because a view would take all that it looks at along.
 */

/** What a worker is told when it starts. */
export interface WorkerSetup {
  /** Data directory of the engine. */
  readonly directory: string;
}

/** A state of a collection, as far as reading it needs. All its records are applied. */
export interface HandedState {
  readonly collection: CollectionId;
  readonly lsn: Lsn;
  readonly chain: readonly Link[];
  /** Undefined: there are no images, `ver` is walked. */
  readonly source:
    { readonly stack: Stack; /** Changes since the images. */ readonly changes: PackedLists } | undefined;
}

/** Keys from which to which; `after` is exclusive and where an earlier read ended. */
export interface HandedRange {
  readonly after?: Uint8Array;
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
}

/** Which documents of a state. */
export interface HandedRead {
  readonly state: HandedState;
  readonly ranges: readonly HandedRange[];
  readonly reverse: boolean;
  readonly filter: Uint8Array;
  readonly options: FilterOptions;
}

/** Changes between states that are to be gathered. */
export interface ChangesTask {
  readonly kind: 'changes';
  readonly partings: readonly Parting[];
  /** Both states, when their images are to be compared. */
  readonly states?: readonly [readonly Link[], readonly Link[]];
  /** The file to write. */
  readonly path: string;
  /** Documents that are held in memory. */
  readonly rowsMax: number;
}

/** An index, as a worker needs it to make its keys. */
export interface HandedIndex {
  readonly id: number;
  readonly name: string;
  readonly key: Uint8Array;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly spec: Uint8Array;
  readonly partialFilter?: Uint8Array;
}

/** Entries of an index over the documents of a state, in their order, in parts. */
export interface EntriesTask {
  readonly kind: 'entries';
  readonly state: HandedState;
  readonly index: HandedIndex;
  /** What stands in front of each key of the table. */
  readonly prefix: Uint8Array;
  /** Bytes of entries that are held in memory. */
  readonly bytesMax: number;
  /** Where a file may lie that holds the others. */
  readonly directory: string;
}

export type Task =
  | ChangesTask
  | EntriesTask
  | { readonly kind: 'build'; readonly build: BuildTask }
  /** Reads the whole state, and holds it against its checksums. */
  | { readonly kind: 'check' }
  /** Matching documents until there are so many bytes of them, or for a while; of one range. */
  | {
      readonly kind: 'scan';
      readonly read: HandedRead;
      readonly bytesMax: number;
      readonly versions: boolean;
    }
  /** The number of matching documents; it may stop at `most`. */
  | { readonly kind: 'count'; readonly read: HandedRead; readonly most: number }
  /** A part of the documents through the first stage of a pipeline, to be put together with the others. */
  | {
      readonly kind: 'tally';
      readonly read: HandedRead;
      readonly stages: readonly Uint8Array[];
      readonly memoryBytesMax?: number;
    }
  /** Matching documents through a sort and a pipeline, in parts. */
  | { readonly kind: 'flow'; readonly read: HandedRead; readonly shape: HandedShape };

/** What happens to matching documents. */
export interface HandedShape {
  readonly sort?: Uint8Array;
  readonly skip: number;
  readonly limit: number;
  readonly stages: readonly Uint8Array[];
  readonly memoryBytesMax?: number;
}

/** Byte strings one behind another in pieces of memory that change hands. */
export interface Parcel {
  readonly pieces: readonly ArrayBuffer[];
  /** How many byte strings are in each piece. */
  readonly counts: readonly number[];
  /** Length of each. */
  readonly lengths: Uint32Array;
}

/** What a scan found: keys and documents by turns. `last`: where to go on; undefined at the end. */
export interface ScanFound {
  readonly parcel: Parcel;
  readonly examined: number;
  /** Documents looked at up to and with each match. */
  readonly examinedAt: Uint32Array;
  /** LSN of the version of each match, when it was asked for. */
  readonly lsns: Float64Array | undefined;
  readonly last: Uint8Array | undefined;
}

export interface CountFound {
  readonly count: number;
  readonly examined: number;
}

/** `share` is undefined when it cannot be put together with others. */
export interface TallyFound {
  readonly share: TallyShare | undefined;
  readonly examined: number;
  readonly matched: number;
}

/** A part of what a flow yields. */
export interface FlowPart {
  readonly parcel: Parcel;
  readonly examined: number;
  readonly matched: number;
}

/** A part of the entries of an index. */
export interface EntriesPart {
  /** Undefined: none, at the end. */
  readonly entries: PackedEntries | undefined;
  /** Documents looked at since the part before. */
  readonly examined: number;
  /** Whether an array was met so far. */
  readonly isMultikey: boolean;
  /** KeyStrings that entries so far share which followed one another; one more than `TWINS_MAX` at most. */
  readonly twins: readonly Uint8Array[];
  /** Whether all entries so far came in one order, so that `twins` are all there are. */
  readonly isOneOrder: boolean;
}

/** What a task hands over on its way. */
export interface Parts {
  readonly flow: FlowPart;
  readonly entries: EntriesPart;
}

/** A block of a file of changes. */
export interface ChangeBlock {
  readonly at: number;
  readonly bytes: number;
  /** The key of its first row. */
  readonly first: Uint8Array;
}

/** What the file has. `counts` as in `FarFound`. */
export interface ChangesFound {
  readonly blocks: readonly ChangeBlock[];
  readonly collections: readonly CollectionId[];
  readonly counts: ReadonlyMap<CollectionId, ChangeCounts> | undefined;
}

/** What each kind of task ends with. */
export interface Results {
  readonly changes: ChangesFound;
  readonly build: ImageFacts;
  /** `damage`: what is wrong with the state. */
  readonly check: { readonly damage: string | undefined };
  readonly scan: ScanFound;
  readonly count: CountFound;
  readonly tally: TallyFound;
  /** The last part. */
  readonly flow: FlowPart;
  readonly entries: EntriesPart;
}

/** What the main thread says. `cancelled` is shared memory: one 32-bit word, 1 when the work is to be given up. */
export type WorkerRequest =
  | { readonly id: number; readonly task: Task; readonly cancelled: Int32Array }
  /** The part has been taken: go on; or look at `cancelled`. */
  | { readonly id: number; readonly go: true }
  /** Give up all work and end; or end at once, as a thread does that dies. */
  | { readonly end: 'orderly' | 'sudden' };

/** What a worker says about a request, or of itself: that it has rehearsed. */
export type WorkerReply =
  | { readonly isReady: true }
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly part: FlowPart | EntriesPart }
  | { readonly id: number; readonly result: Results[Task['kind']] }
  | {
      readonly id: number;
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly data: ErrorData };
    };
