import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { SeenHead, Writer } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { MANY_SLICE_BYTES_MAX, MANY_SLICE_MAX, SLICES_IN_FLIGHT_MAX } from '../limits';
import type { Found, QueryRun } from '../query';
import { applyTo } from './apply';
import { type BatchResult, type BatchTarget, count, fail } from './batch-result';
import { commitChange } from './commit';
import { statementFailure, writeErrorEntry } from './failure';
import { InFlight } from './in-flight';
import { runStatement } from './locate';
import { runSearched } from './searched';
import { emptySlice, type SliceResult } from './slice';
import type { Statement } from './statement';

/**
 * A statement about many documents: matched in a snapshot, written in slices, each looked at again in its write. The
 * next slices are staged while those before are flushed; a fault ends them all where it is.
 */
export async function runMany(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement,
  result: BatchResult
): Promise<void> {
  const total = { matched: 0, modified: 0, hasFailed: false };
  // What a transaction stages is flushed with it: there is nothing to go on beside.
  const max = context.transaction === undefined ? SLICES_IN_FLIGHT_MAX : 1;
  const inFlight = new InFlight<SliceResult>(max, slice => {
    total.matched += slice.n;
    total.modified += slice.nModified;
    // A statement that fails counts for nothing, though what it wrote before stays, as in mongod.
    result.add({ ...slice, n: 0, nModified: 0 }, false);
  });
  try {
    if (context.retry !== undefined) {
      throw new MongoError('InvalidOptions', 'Cannot use (or request) retryable writes with multi=true');
    }
    const run = await runStatement(context, target.place, target.collection, statement);
    const { seen } = run;
    for await (const found of slicesOf(run)) {
      context.operation.check();
      await inFlight.add(writeSlice(context, target, statement, { found, seen }, total));
      if (total.hasFailed) {
        break;
      }
      await yieldToLoop();
    }
    await inFlight.drain();
    if (total.hasFailed) {
      return;
    }
    result.add({ ...emptySlice(), n: total.matched, nModified: total.modified }, false);
    if (total.matched === 0 && statement.upsert) {
      const single = { ...statement, multi: false };
      result.add(await runSearched(context, target, single, {}, () => undefined), false);
    }
  } catch (error) {
    total.hasFailed = true;
    await inFlight.abandon();
    const slice = emptySlice();
    fail(context, target, statement, slice, error);
    result.add(slice, false);
  }
}

/** The matching documents, in slices of what one write may hold. */
async function* slicesOf(run: QueryRun): AsyncGenerator<readonly Found[]> {
  let slice: Found[] = [];
  let bytes = 0;
  for await (const batch of run.found()) {
    for (const found of batch) {
      slice.push(found);
      bytes += found.image.length;
      if (slice.length >= MANY_SLICE_MAX || bytes >= MANY_SLICE_BYTES_MAX) {
        yield slice;
        slice = [];
        bytes = 0;
      }
    }
  }
  if (slice.length > 0) {
    yield slice;
  }
}

/** Documents as they were found, and in which state. */
interface FoundSlice {
  readonly found: readonly Found[];
  readonly seen: SeenHead | undefined;
}

/** Stages and commits a slice; nothing when the statement has failed before it was its turn. */
async function writeSlice(
  context: CommandContext,
  { place, collection: name, ordered, terms }: BatchTarget,
  statement: Statement,
  { found, seen }: FoundSlice,
  state: { hasFailed: boolean }
): Promise<SliceResult> {
  const namespace = `${context.database}.${name}`;
  const change = (writer: Writer): SliceResult => {
    const slice = emptySlice();
    const collection = state.hasFailed ? undefined : writer.collection(name);
    for (const { key, image, lsn } of collection === undefined ? [] : found) {
      try {
        if (lsn !== undefined) {
          writer.hasRead(collection!, key, { lsn, image });
        }
        count(context, slice, statement, applyTo(writer, collection!, key, statement, terms));
      } catch (error) {
        // What was written before the fault stays, as in mongod; the rest is not touched.
        slice.writeErrors.push(writeErrorEntry(statement.index, statementFailure(error, namespace)));
        slice.stopped = ordered;
        state.hasFailed = true;
        break;
      }
    }
    return slice;
  };
  const { result, commit } = await commitChange(context, place, change, { seen });
  return { ...result, commit };
}
