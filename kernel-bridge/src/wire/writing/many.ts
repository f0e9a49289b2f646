import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { MANY_SLICE_BYTES_MAX, MANY_SLICE_MAX, SLICES_IN_FLIGHT_MAX } from '../limits';
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
    for await (const keys of slicesOf(context, target, statement)) {
      context.operation.check();
      const waited = await inFlight.add(writeSlice(context, target, statement, keys, total));
      if (total.hasFailed) {
        break;
      }
      if (!waited) {
        await yieldToLoop();
      }
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

/** Keys of the matching documents, in slices of what one write may hold. */
async function* slicesOf(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement
): AsyncGenerator<readonly Buffer[]> {
  let keys: Buffer[] = [];
  let bytes = 0;
  const run = await runStatement(context, target.place, target.collection, statement);
  for await (const found of run.found()) {
    for (const { key, image } of found) {
      keys.push(key);
      bytes += image.length;
      if (keys.length >= MANY_SLICE_MAX || bytes >= MANY_SLICE_BYTES_MAX) {
        yield keys;
        keys = [];
        bytes = 0;
      }
    }
  }
  if (keys.length > 0) {
    yield keys;
  }
}

/** Stages and commits a slice; nothing when the statement has failed before it was its turn. */
async function writeSlice(
  context: CommandContext,
  { place, collection: name, ordered, terms }: BatchTarget,
  statement: Statement,
  keys: readonly Buffer[],
  state: { hasFailed: boolean }
): Promise<SliceResult> {
  const namespace = `${context.database}.${name}`;
  const { result, commit } = await commitChange(context, place, writer => {
    const slice = emptySlice();
    const collection = state.hasFailed ? undefined : writer.collection(name);
    for (const key of collection === undefined ? [] : keys) {
      try {
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
  });
  return { ...result, commit };
}
