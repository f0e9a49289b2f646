import { noteCommit, type CommandContext } from '../context';
import { DocumentBuilder } from '../builder';
import { writePlace, type WritePlace } from '../place';
import { statementId } from '../retry';
import type { MongoError } from '../errors';
import type { Effect, WriteTerms } from './apply';
import { statementFailure, writeErrorEntry } from './failure';
import { emptySlice, type SliceResult } from './slice';
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
    const { project, branch, timeline, firstLsn, lastLsn } = commit;
    context.services.sessions.noteWrite(context.place.id, {
      project,
      branch,
      timeline,
      collection,
      firstLsn,
      lastLsn,
      inserts,
      updates,
      deletes
    });
  }
}

/** Adds what a statement failed of. */
export function fail(
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
export function count(
  context: CommandContext,
  slice: SliceResult,
  statement: Statement,
  effect: Effect
): void {
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
