import type { RawValue } from '../../bson';
import { Pace, Steps } from '../../log/pace';
import type { PipelineContext, TallyShare } from '../api';
import { queryError } from '../error';
import type { Frame, Scope } from '../expression';
import type { Value } from '../values';

/** Documents under way, a few hundred at a time. */
export type Batch = readonly Buffer[];

/** What a running stage knows. */
export interface Run {
  readonly context: PipelineContext;
  /** Values of the variables, by slot; of an outer pipeline too. */
  readonly vars: readonly Value[];
}

/** A stage under way that keeps nothing of the documents it is shown. */
export interface DocumentTally {
  /** Counts the document that begins at `start`; the bytes may be used for others afterwards. */
  add(bytes: Buffer, start: number): void;
  results(): Iterable<Batch>;
  /** Whether shares that several gathered of the same documents come to what one would: to the last bit. */
  readonly isShareable: boolean;
  share(): TallyShare;
  /** Takes in the share of documents behind all that were shown or taken in before. */
  absorb(share: TallyShare): void;
}

/** A compiled stage. */
export interface Stage {
  readonly name: string;
  run(source: AsyncIterable<Batch>, run: Run): AsyncIterable<Batch>;
  /**
   * The same for documents that are looked at one by one where they lie; undefined for a stage that keeps
   * something of them. What it gives comes at the end.
   */
  tally?(run: Run): DocumentTally;
  /** `$limit` as a number, so that a `$sort` before it keeps no more. */
  readonly limit?: number;
  readonly skip?: number;
  /** Makes documents without a source (`$documents`). */
  readonly isSource?: boolean;
  /** Other collections it reads. */
  readonly collections?: readonly string[];
}

/**
 * Compiles the argument of a stage. `leading`: mongod 6.0 would run it in its newer engine,
 * which differs in small things (which of equal numbers `$min` keeps, where `$lookup` puts its field).
 */
export type StageCompiler = (argument: RawValue, scope: Scope, name: string, leading?: boolean) => Stage;

/** A frame for one stage of a run. */
export function frameOf(run: Run): Frame {
  return { root: undefined, current: undefined, vars: [...run.vars] };
}

/** A stage that turns each batch into another. */
export function perBatch(name: string, begin: (run: Run) => (batch: Batch) => Batch): Stage {
  return {
    name,
    async *run(source, run) {
      const work = begin(run);
      for await (const out of inSteps(source, run, work)) if (out.length > 0) yield out;
    }
  };
}

/**
 * What `work` makes of batches. Expressions may take milliseconds for one document: then it is given batches in parts,
 * and others have their turn between them.
 */
export async function* inSteps<T>(
  source: AsyncIterable<Batch>,
  run: Run,
  work: (batch: Batch) => T
): AsyncGenerator<T> {
  const pace = new Pace(run.context.signal);
  const steps = new Steps();
  for await (const batch of source) {
    for (let from = 0; from < batch.length;) {
      const to = Math.min(batch.length, from + steps.size);
      const began = performance.now();
      const out = work(to - from === batch.length ? batch : batch.slice(from, to));
      steps.took(performance.now() - began);
      from = to;
      yield out;
      if (from < batch.length && pace.isDue) await pace.rest();
    }
  }
}

/** A stage that turns each document into one other. */
export function perDocument(name: string, begin: (run: Run) => (doc: Buffer) => Buffer): Stage {
  return perBatch(name, run => {
    const work = begin(run);
    return batch => batch.map(work);
  });
}

export const BATCH_DOCUMENTS = 512;

/** Cuts a list into batches. */
export function* batches(docs: readonly Buffer[]): Generator<Batch> {
  for (let i = 0; i < docs.length; i += BATCH_DOCUMENTS) yield docs.slice(i, i + BATCH_DOCUMENTS);
}

/** Bytes that a blocking stage may hold when the context says nothing: 100 MiB, as in MongoDB. */
export const MEMORY_BYTES_MAX = 100 * 1024 * 1024;

/** Counts what a blocking stage holds. */
export class Memory {
  private used = 0;
  private readonly most: number;

  constructor(
    run: Run,
    private readonly stage: string
  ) {
    this.most = run.context.memoryBytesMax ?? MEMORY_BYTES_MAX;
  }

  /** Whether so much is more than may be held. */
  exceeds(bytes: number): boolean {
    return bytes > this.most;
  }

  /** Notes that it holds so much more. @throws 292 */
  add(bytes: number): void {
    this.hold(this.used + bytes);
  }

  /** Notes that it holds so much in all. @throws 292 */
  hold(bytes: number): void {
    this.used = bytes;
    if (this.used <= this.most) return;
    throw queryError(
      292,
      `Exceeded memory limit for ${this.stage}: it would hold more than ${this.most} bytes, but did not opt in to external sorting.`
    );
  }
}

/** All documents of a source, within the memory limit. */
export async function collect(source: AsyncIterable<Batch>, memory: Memory): Promise<Buffer[]> {
  const out: Buffer[] = [];
  for await (const batch of source) {
    for (const doc of batch) {
      memory.add(doc.length + 64);
      out.push(doc);
    }
  }
  return out;
}
