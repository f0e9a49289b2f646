import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { WriteOptions, Writer } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { WRITE_SLICE_MAX } from '../limits';
import { retryKey } from '../retry';
import { applyByKey } from './apply';
import { BatchResult, count, type BatchTarget, type Prepared } from './batch-result';
import { commitChange } from './commit';
import { statementFailure, writeErrorEntry } from './failure';
import { runMany } from './many';
import { runSearched } from './searched';
import { SLICE, emptySlice, type SliceResult } from './slice';

/**
 * Executes the statements of an update or delete command one after the other. Neighbours that name their `_id`
 * share a frame; the loop runs between two frames.
 */
export async function runBatch(
  context: CommandContext,
  target: BatchTarget,
  statements: readonly Prepared[]
): Promise<BatchResult> {
  const result = new BatchResult(context, target.collection);
  for (let at = 0; at < statements.length && !result.total.stopped;) {
    context.operation.check();
    const end = endOfUnit(statements, at);
    const unit = statements.slice(at, end);
    const [first] = unit;
    if (first !== undefined && !('error' in first) && first.multi) {
      await runMany(context, target, first, result);
    } else {
      const { result: slice, retried } = await context.services.retries.once(
        retryKey(context.retry, at),
        SLICE,
        (options, settle) => runUnit(context, target, unit, options, settle)
      );
      result.add(slice, retried);
    }
    at = end;
    if (at < statements.length) {
      await yieldToLoop();
    }
  }
  return result;
}

/** End of the run of statements that can share a frame with the one at `start`. */
function endOfUnit(statements: readonly Prepared[], start: number): number {
  const shares = (prepared: Prepared | undefined): boolean =>
    prepared !== undefined && ('error' in prepared || (prepared.key !== undefined && !prepared.multi));
  let end = start + 1;
  if (shares(statements[start])) {
    while (end - start < WRITE_SLICE_MAX && shares(statements[end])) {
      end++;
    }
  }
  return end;
}

async function runUnit(
  context: CommandContext,
  target: BatchTarget,
  unit: readonly Prepared[],
  options: WriteOptions,
  settle: (slice: SliceResult) => void
): Promise<SliceResult> {
  const [first] = unit;
  if (unit.length === 1 && first !== undefined && !('error' in first) && first.key === undefined) {
    return runSearched(context, target, first, options, settle);
  }
  if (unit.every(prepared => 'error' in prepared)) {
    const slice = emptySlice();
    applyUnit(context, target, unit, slice, undefined);
    return slice;
  }
  const { place } = target;
  const { result, commit } = await commitChange(
    context,
    place,
    writer => {
      const slice = emptySlice();
      applyUnit(context, target, unit, slice, writer);
      settle(slice);
      return slice;
    },
    options
  );
  return { ...result, commit };
}

/** Applies statements that name their `_id`, inside one write. */
function applyUnit(
  context: CommandContext,
  target: BatchTarget,
  unit: readonly Prepared[],
  slice: SliceResult,
  writer: Writer | undefined
): void {
  const namespace = `${context.database}.${target.collection}`;
  for (const prepared of unit) {
    try {
      if ('error' in prepared) {
        throw prepared.error;
      }
      count(context, slice, prepared, applyByKey(writer!, target.collection, prepared, target.terms));
    } catch (error) {
      slice.writeErrors.push(writeErrorEntry(prepared.index, statementFailure(error, namespace)));
      if (target.ordered) {
        slice.stopped = true;
        return;
      }
    }
  }
}
