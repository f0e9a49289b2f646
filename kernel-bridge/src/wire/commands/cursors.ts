import { T } from '@argon/wal-core';
import { NUMBER } from '../argument-types';
import { MongoError, inContext } from '../errors';
import { AWAIT_MS_DEFAULT } from '../limits';
import type { Cursor } from '../cursors';
import { suffer } from '../failpoint/fail-command';
import { resumable } from '../labels';
import { cursorReply, emptyReply } from '../reply';
import type { Command } from '../registry';
import { collectionNameOf } from './collection-name';

/** The next batch of a result. */
export const getMore: Command = {
  name: 'getMore',
  fields: ['collection', 'batchSize', 'term', 'lastKnownCommittedOpTime'],
  transaction: 'follows',
  types: { maxTimeMS: NUMBER },
  waits: true,
  // A driver repeats what the cursor was opened with; the cursor reads on as it was.
  snapshots: true,
  run: async context => {
    const { args, services, database, operation } = context;
    const id = args.long('getMore');
    const name = args.string('collection');
    if (name === '') {
      throw new MongoError('InvalidNamespace', 'Collection names cannot be empty');
    }
    const namespace = `${database}.${name}`;
    const batchSize = args.integer('batchSize', { min: 0 });
    const waitMs = args.milliseconds('maxTimeMS');
    const cursor = services.cursors.use(id, namespace, context.session, context.transaction?.number);
    if (!cursor.awaits && waitMs !== undefined && waitMs > 0) {
      throw new MongoError('BadValue', 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
    }
    cursor.busy = true;
    const forward = (): void => cursor.operation.stop(operation.signal.reason as MongoError);
    operation.signal.addEventListener('abort', forward, { once: true });
    try {
      await suffer(services.failPoints?.failGetMoreAfterCursorCheckout.enter());
      // The query's own time limit counts over all batches, but not the time a cursor waits for more to come.
      // The scan below listens to the cursor's operation.
      if (!cursor.awaits) {
        operation.limit(cursor.remainingMs);
      }
      const size = batchSize === undefined || batchSize === 0 ? Infinity : batchSize;
      const batch = await cursor.next(size, waitMs ?? AWAIT_MS_DEFAULT);
      operation.check();
      cursor.remainingMs = operation.remainingMs ?? cursor.remainingMs;
      cursor.onBatch?.(batch.length);
      const isDone = cursor.isDrained;
      if (isDone) {
        services.cursors.forget(cursor);
      }
      const { resumeToken } = cursor;
      return cursorReply({ namespace, batchName: 'nextBatch', batch, id: isDone ? 0n : id, resumeToken });
    } catch (error) {
      services.cursors.forget(cursor);
      cursor.release();
      const reason = operation.explain(cursor.operation.explain(error));
      const thrown = inContext(reason, 'Executor error during getMore');
      throw isChangeStream(cursor) ? resumable(thrown) : thrown;
    } finally {
      cursor.busy = false;
      operation.signal.removeEventListener('abort', forward);
    }
  }
};

const isChangeStream = (cursor: Cursor): boolean => cursor.resumeToken !== undefined;

export const killCursors: Command = {
  name: 'killCursors',
  fields: ['cursors'],
  transaction: 'follows',
  run: ({ args, services, database }) => {
    const namespace = `${database}.${collectionNameOf({ args, database })}`;
    const killed: bigint[] = [];
    const missing: bigint[] = [];
    if (args.get('cursors')?.type === T.NULL) {
      throw new MongoError(10065, 'invalid parameter: expected an object (cursors)');
    }
    args.array('cursors').forEach((value, index) => {
      if (value.type === T.NULL) {
        return;
      }
      if (value.type !== T.INT64) {
        args.wrongType(`cursors.${index}`, value.type, 'long');
      }
      const id = value.bytes.readBigInt64LE(0);
      (services.cursors.kill(id, namespace) ? killed : missing).push(id);
    });
    return emptyReply()
      .value('cursorsKilled', killed)
      .value('cursorsNotFound', missing)
      .value('cursorsAlive', [])
      .value('cursorsUnknown', []);
  }
};
