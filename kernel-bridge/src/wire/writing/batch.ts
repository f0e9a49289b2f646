import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { WriteOptions, Writer } from '@argon/wal-core';
import { DocumentBuilder } from '../builder';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { WRITE_SLICE_BYTES_MAX, WRITE_SLICE_MAX } from '../limits';
import { writePlace, type WritePlace } from '../place';
import { retryKey, statementId } from '../retry';
import { applyByKey, applyTo, type Effect, type WriteTerms } from './apply';
import { commitChange } from './commit';
import { statementFailure, writeErrorEntry } from './failure';
import { applyToOne, runStatement } from './locate';
import { SLICE, emptySlice, type SliceResult } from './slice';
import type { Statement } from './statement';

/** A statement, or why it could not be compiled. */
export type Prepared = Statement | { readonly index: number; readonly error: MongoError };

/** What a batch is executed against. */
export interface BatchTarget {
  readonly place: WritePlace;
  readonly collection: string;
  readonly terms: WriteTerms;
  readonly ordered: boolean;
}

/** All that one write command did, and what of it was remembered from before. */
export class BatchResult {
  readonly total = emptySlice();
  readonly retriedStatements: number[] = [];

  constructor(
    private readonly context: CommandContext,
    private readonly collection: string
  ) {}

  /** Adds what a slice did; tells session and reply of its commit. */
  add(slice: SliceResult, retried: boolean): void {
    const { total } = this;
    total.n += slice.n;
    total.nModified += slice.nModified;
    total.upserted.push(...slice.upserted);
    total.writeErrors.push(...slice.writeErrors);
    total.stopped ||= slice.stopped;
    total.inserts += slice.inserts;
    total.updates += slice.updates;
    total.deletes += slice.deletes;
    if (slice.commit !== undefined) {
      total.commit = slice.commit;
      noteCommit(this.context, slice.commit);
    }
    if (slice.writeErrors.length > 0) {
      // As in mongod, a write that fails ends its transaction.
      this.context.transaction?.abort();
    }
    if (retried) {
      this.retriedStatements.push(...slice.statements);
    } else {
      noteWrite(this.context, this.collection, slice);
    }
  }

  /** Adds the faults of statements that were not executed because there is nothing to execute them on. */
  addFaults(statements: readonly Prepared[], ordered: boolean): void {
    for (const prepared of statements) {
      if ('error' in prepared && !(ordered && this.total.writeErrors.length > 0)) {
        this.total.writeErrors.push(writeErrorEntry(prepared.index, prepared.error));
      }
    }
  }
}

/** Tells the kernel's session what was written. */
export function noteWrite(context: CommandContext, collection: string, slice: SliceResult): void {
  const { commit, inserts, updates, deletes } = slice;
  if (context.transaction !== undefined) {
    const place = writePlace(context);
    if (place !== undefined) {
      context.transaction.note({ ...place, collection, inserts, updates, deletes });
    }
  } else if (context.place !== undefined && commit !== undefined) {
    const { project, branch, firstLsn, lastLsn } = commit;
    context.services.sessions.noteWrite(context.place.id, {
      project,
      branch,
      collection,
      firstLsn,
      lastLsn,
      inserts,
      updates,
      deletes
    });
  }
}

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

/** A statement about one document that has to be searched for. */
async function runSearched(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement,
  options: WriteOptions,
  settle: (slice: SliceResult) => void
): Promise<SliceResult> {
  const slice = emptySlice();
  try {
    const { effect, commit } = await applyToOne(
      context,
      target.place,
      target.collection,
      statement,
      target.terms,
      options,
      found => {
        const settled = emptySlice();
        count(context, settled, statement, found);
        settle(settled);
      }
    );
    count(context, slice, statement, effect);
    slice.commit = commit;
  } catch (error) {
    fail(context, target, statement, slice, error);
  }
  return slice;
}

/** A statement about many documents: matched in a snapshot, written in slices, each looked at again in its write. */
async function runMany(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement,
  result: BatchResult
): Promise<void> {
  const slice = emptySlice();
  try {
    if (context.retry !== undefined) {
      throw new MongoError('InvalidOptions', 'Cannot use (or request) retryable writes with multi=true');
    }
    let matched = 0;
    let modified = 0;
    for await (const keys of slicesOf(context, target, statement)) {
      context.operation.check();
      const written = await writeMany(context, target, statement, keys);
      matched += written.n;
      modified += written.nModified;
      // A statement that fails counts for nothing, though what it wrote before stays, as in mongod.
      result.add({ ...written, n: 0, nModified: 0 }, false);
      if (written.stopped || written.writeErrors.length > 0) {
        return;
      }
      await yieldToLoop();
    }
    result.add({ ...emptySlice(), n: matched, nModified: modified }, false);
    if (matched === 0 && statement.upsert) {
      const single = { ...statement, multi: false };
      result.add(await runSearched(context, target, single, {}, () => undefined), false);
    }
  } catch (error) {
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
      if (keys.length >= WRITE_SLICE_MAX || bytes >= WRITE_SLICE_BYTES_MAX) {
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

async function writeMany(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement,
  keys: readonly Buffer[]
): Promise<SliceResult> {
  const { place } = target;
  const namespace = `${context.database}.${target.collection}`;
  const { result, commit } = await commitChange(context, place, writer => {
    const slice = emptySlice();
    const collection = writer.collection(target.collection);
    for (const key of collection === undefined ? [] : keys) {
      try {
        count(context, slice, statement, applyTo(writer, collection!, key, statement, target.terms));
      } catch (error) {
        // What was written before the fault stays, as in mongod; the rest is not touched.
        slice.writeErrors.push(writeErrorEntry(statement.index, statementFailure(error, namespace)));
        slice.stopped = target.ordered;
        break;
      }
    }
    return slice;
  });
  return { ...result, commit };
}

function fail(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement,
  slice: SliceResult,
  error: unknown
): void {
  const namespace = `${context.database}.${target.collection}`;
  const failure = statementFailure(context.operation.explain(error), namespace);
  slice.writeErrors.push(writeErrorEntry(statement.index, failure));
  slice.stopped = target.ordered;
}

/** Adds the effect of a statement on one document. */
function count(context: CommandContext, slice: SliceResult, statement: Statement, effect: Effect): void {
  if (effect.kind === 'none') {
    return;
  }
  slice.n++;
  if (context.retry !== undefined) {
    slice.statements.push(statementId(context.retry, statement.index));
  }
  switch (effect.kind) {
    case 'updated':
      if (effect.changed) {
        slice.nModified++;
        slice.updates++;
      }
      return;
    case 'removed':
      slice.deletes++;
      return;
    case 'upserted':
      slice.inserts++;
      slice.upserted.push(
        new DocumentBuilder(64).int32('index', statement.index).raw('_id', effect.id).finish()
      );
  }
}
