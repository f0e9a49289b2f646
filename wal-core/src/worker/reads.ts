import type { DocKey, Image } from '../api';
import { ArgonError } from '../errors';
import {
  compileFilter,
  compilePipeline,
  compileSort,
  type PipelineContext,
  type QueryOptions,
  type Sorter
} from '../query';
import { HandedScan, type Ground, rangeOf } from './handed';
import { Matches, tallied, testBy, type Taker, type Test } from './matches';
import type { CountFound, FlowPart, HandedRead, HandedShape, ScanFound, TallyFound, Task } from './messages';
import { bufferOf, owned, Parcels } from './parcel';
import type { Pulse } from './pulse';

/** A scan answers, and a flow hands over what it has, after so many milliseconds at the latest. */
const ANSWER_MS = 25;
/** Bytes of results that are handed over at a time. */
const PART_BYTES = 256 * 1024;
/** Memory that documents are copied into on their way into a pipeline, so that who keeps one keeps no page. */
const COPY_BYTES = 16 * 1024;
/** Bytes of documents in one step of a pipeline. */
const STEP_BYTES = 128 * 1024;

/** Matching documents with their keys, until there are enough bytes or time is up. */
export async function scan(
  { read, bytesMax, versions }: Task & { kind: 'scan' },
  ground: Ground,
  pulse: Pulse
): Promise<ScanFound> {
  const parcels = new Parcels();
  const { chain, collection } = read.state;
  const examinedAt: number[] = [];
  const lsns: number[] = [];
  const taker: Taker = {
    get isFull() {
      return parcels.bytes >= bytesMax;
    },
    take: (bytes, start, end, key, lsn) => {
      examinedAt.push(matches.examined);
      const docKey = key();
      parcels.add(docKey);
      parcels.add(bytes, start, end);
      if (versions) {
        lsns.push(lsn() ?? ground.versions.walk(chain, collection, docKey)!.lsn);
      }
    }
  };
  const matches: Matches = new Matches(testOf(read), taker);
  const walk = new HandedScan(ground, read.state, read.reverse);
  const range = rangeOf(read.ranges[0]!, read.reverse);
  const begun = performance.now();
  let last: DocKey | undefined;
  do {
    last = walk.fill(last === undefined ? range : { ...range, after: last }, matches);
    if (pulse.isDue) {
      await pulse.beat(matches.examined);
    }
  } while (last !== undefined && !taker.isFull && performance.now() - begun < ANSWER_MS);
  return {
    parcel: parcels.take(),
    examined: matches.examined,
    examinedAt: Uint32Array.from(examinedAt),
    lsns: versions ? Float64Array.from(lsns) : undefined,
    last: last === undefined ? undefined : owned(last)
  };
}

/** The number of matching documents. */
export async function count(
  read: HandedRead,
  most: number,
  ground: Ground,
  pulse: Pulse
): Promise<CountFound> {
  const taker = { isFull: false, take: () => undefined };
  const matches = new Matches(testOf(read), taker);
  for await (const _ of walked(read, ground, matches, pulse)) {
    if (matches.matched >= most) {
      break;
    }
  }
  return { count: Math.min(matches.matched, most), examined: matches.examined };
}

/** What the first stage of a pipeline gathers of matching documents, as long as it can be put together with others. */
export async function tally(
  { read, stages, memoryBytesMax }: Task & { kind: 'tally' },
  ground: Ground,
  pulse: Pulse
): Promise<TallyFound> {
  const options = optionsOf(read);
  const tally = compilePipeline(stages.map(bufferOf), options).tally({
    ...options,
    ...memoryOf({ memoryBytesMax }),
    collection: noOther,
    signal: pulse.signal
  })!;
  const matches = new Matches(testOf(read), tallied(tally));
  for await (const _ of walked(read, ground, matches, pulse)) {
    if (!tally.isShareable) {
      break;
    }
  }
  const { examined, matched } = matches;
  return { share: tally.isShareable ? tally.share() : undefined, examined, matched };
}

/** Matching documents, sorted, cut, and through a pipeline; all but the last part are handed over on the way. */
export async function flow(
  read: HandedRead,
  shape: HandedShape,
  ground: Ground,
  pulse: Pulse
): Promise<FlowPart> {
  const { matches, cutOut, results } = begun(read, shape, ground, pulse);
  const parcels = new Parcels();
  const told = { examined: 0, matched: 0 };
  const part = (): FlowPart => {
    const examined = matches.examined - told.examined;
    const matched = cutOut.passed - told.matched;
    told.examined += examined;
    told.matched += matched;
    return { parcel: parcels.take(), examined, matched };
  };
  let handed = performance.now();
  for await (const batch of results) {
    for (const image of batch) {
      parcels.add(image);
      if (parcels.bytes >= PART_BYTES) {
        await pulse.part(part());
        handed = performance.now();
      }
    }
    if (parcels.bytes > 0 && performance.now() - handed > ANSWER_MS) {
      await pulse.part(part());
      handed = performance.now();
    }
    if (pulse.isDue) {
      await pulse.beat(matches.examined);
    }
  }
  return part();
}

/** A flow under way: what it has looked at, what passed on into the pipeline, and what comes out. */
interface Flowing {
  readonly matches: Matches;
  readonly cutOut: { readonly passed: number };
  readonly results: AsyncIterable<readonly Image[]>;
}

function begun(read: HandedRead, shape: HandedShape, ground: Ground, pulse: Pulse): Flowing {
  const { sort, skip, limit, stages } = shape;
  const options = { ...optionsOf(read), ...memoryOf(shape), signal: pulse.signal };
  const context: PipelineContext = { ...options, collection: noOther };
  const pipeline = compilePipeline(stages.map(bufferOf), options);
  const isWhole = sort === undefined && skip === 0 && limit === Infinity;
  const tally = isWhole ? pipeline.tally(context) : undefined;
  if (tally !== undefined) {
    const matches = new Matches(testOf(read), tallied(tally));
    async function* counted(): AsyncGenerator<readonly Image[]> {
      for await (const _ of walked(read, ground, matches, pulse)) {
        // Each step has been tallied.
      }
      yield* tally!.results();
    }
    return {
      matches,
      cutOut: {
        get passed() {
          return matches.matched;
        }
      },
      results: counted()
    };
  }
  const sorter =
    sort === undefined
      ? undefined
      : compileSort(bufferOf(sort), optionsOf(read)).sorter(
          Number.isFinite(limit) ? skip + limit : undefined
        );
  const documents = new Copies(sorter);
  const matches = new Matches(testOf(read), documents);
  async function* source(): AsyncGenerator<readonly Image[]> {
    for await (const _ of walked(read, ground, matches, pulse)) {
      yield documents.drain();
    }
  }
  const cutOut = cut(sorter === undefined ? source() : sorted(source(), sorter, shape, pulse), shape);
  return { matches, cutOut, results: pipeline.run(cutOut.documents, context) };
}

/** Walks all ranges, one step after another. */
async function* walked(
  read: HandedRead,
  ground: Ground,
  matches: Matches,
  pulse: Pulse
): AsyncGenerator<void> {
  for (const each of read.ranges) {
    const walk = new HandedScan(ground, read.state, read.reverse);
    const range = rangeOf(each, read.reverse);
    let last: DocKey | undefined;
    do {
      last = walk.fill(last === undefined ? range : { ...range, after: last }, matches);
      if (pulse.isDue) {
        await pulse.beat(matches.examined);
      }
      yield;
    } while (last !== undefined);
  }
}

/** Documents in order. */
async function* sorted(
  source: AsyncIterable<readonly Image[]>,
  sorter: Sorter,
  { memoryBytesMax = Infinity }: HandedShape,
  pulse: Pulse
): AsyncGenerator<readonly Image[]> {
  for await (const batch of source) {
    for (const image of batch) {
      sorter.push(image);
    }
    if (sorter.bytes > memoryBytesMax) {
      throw new ArgonError('LIMIT_EXCEEDED', `A sort would hold more than ${memoryBytesMax} bytes.`, {
        data: { limit: memoryBytesMax, value: sorter.bytes }
      });
    }
  }
  for (const batch of sorter.finish()) {
    if (batch.length > 0) {
      yield batch;
    }
    if (pulse.isDue) {
      await pulse.beat(0);
    }
  }
}

/** Leaves out what is skipped, and ends with the limit. */
function cut(source: AsyncIterable<readonly Image[]>, { skip, limit }: HandedShape) {
  const state = { passed: 0, documents: run() };
  async function* run(): AsyncGenerator<readonly Image[]> {
    let toSkip = skip;
    let left = limit;
    if (left <= 0) {
      return;
    }
    for await (const batch of source) {
      const out = toSkip > 0 || batch.length > left ? batch.slice(toSkip, toSkip + left) : batch;
      toSkip = Math.max(0, toSkip - batch.length);
      left -= out.length;
      state.passed += out.length;
      if (out.length > 0) {
        yield out;
      }
      if (left <= 0) {
        return;
      }
    }
  }
  return state;
}

/** Copies documents out of pages, but those that a sorter would not keep. */
class Copies implements Taker {
  private images: Image[] = [];
  private memory = Buffer.alloc(0);
  private used = 0;
  private bytes = 0;

  constructor(private readonly sorter?: Sorter) {}

  get isFull(): boolean {
    return this.bytes >= STEP_BYTES;
  }

  /** What has been copied since the last time. */
  drain(): readonly Image[] {
    const { images } = this;
    this.images = [];
    this.bytes = 0;
    return images;
  }

  take(bytes: Buffer, start: number, end: number): void {
    if (this.sorter?.isBeyond(bytes, start) === true) {
      return;
    }
    const length = end - start;
    if (this.memory.length - this.used < length) {
      this.memory = Buffer.allocUnsafeSlow(Math.max(COPY_BYTES, length));
      this.used = 0;
    }
    bytes.copy(this.memory, this.used, start, end);
    this.images.push(Buffer.from(this.memory.buffer, this.used, length));
    this.used += length;
    this.bytes += length;
  }
}

function testOf(read: HandedRead): Test | undefined {
  return testBy(compileFilter(bufferOf(read.filter), optionsOf(read)));
}

/** Options as the main thread had them: bytes came as plain arrays. */
function optionsOf({ options }: HandedRead): QueryOptions {
  const { let: variables, collation, now } = options;
  return {
    ...(variables === undefined ? {} : { let: bufferOf(variables) }),
    ...(collation === undefined ? {} : { collation: bufferOf(collation) }),
    ...(now === undefined ? {} : { now })
  };
}

function noOther(): never {
  throw new Error('a pipeline on a worker reads no other collection');
}

function memoryOf({ memoryBytesMax }: { readonly memoryBytesMax?: number | undefined }): {
  memoryBytesMax?: number;
} {
  return memoryBytesMax === undefined ? {} : { memoryBytesMax };
}
