import type { Filter } from '@argon/wal-core';
import type { CommandContext } from './context';
import { OpenCursor, type Cursor, type DocumentSource } from './cursors';
import type { DocumentBuilder } from './builder';
import { inContext } from './errors';
import { FIRST_BATCH_DEFAULT } from './limits';
import { LiveCursor, type LiveSource } from './live-cursor';
import { noteRead, type ReadPlace } from './place';
import { cursorReply } from './reply';

/** What a first batch is made of. */
export interface CursorRequest {
  readonly namespace: string;
  readonly source: DocumentSource | LiveSource;
  /** Undefined: 101 documents. */
  readonly batchSize: number | undefined;
  /** What an error while it runs is introduced with, as in mongod. */
  readonly executor?: string;
  /** `noCursorTimeout`. */
  readonly stays?: boolean;
  /** Close after the first batch, whatever is left. */
  readonly singleBatch?: boolean;
  /** Tells the session of the read: the state and the collection. */
  readonly read?: {
    readonly place: NonNullable<ReadPlace>;
    readonly collection: string;
    readonly filter: Filter;
    /** Documents read so far, when that is not what was handed out. */
    readonly documents?: () => number;
  };
}

/** Answers the first batch of a result and keeps the rest for getMore. */
export async function answerWithCursor(
  context: CommandContext,
  request: CursorRequest
): Promise<DocumentBuilder> {
  const { services, operation, connection, session, transaction } = context;
  const { namespace, source, read } = request;
  const owner = {
    connectionId: connection.id,
    ...(session === undefined ? {} : { session }),
    ...(transaction === undefined ? {} : { transaction: transaction.number })
  };
  const id = services.cursors.newId();
  const cursor: Cursor =
    'poll' in source
      ? new LiveCursor(id, namespace, source, operation, owner)
      : new OpenCursor(id, namespace, source, operation, owner);
  const size = request.batchSize ?? FIRST_BATCH_DEFAULT;
  const batch = size === 0 ? [] : await firstBatch(context, cursor, size, request.executor);
  if (read !== undefined) {
    let told = 0;
    let handedOut = 0;
    const tell = (documents: number): void => {
      handedOut += documents;
      const known = read.documents?.() ?? handedOut;
      noteRead(context, read.place, read.collection, known - told, read.filter);
      told = known;
    };
    tell(batch.length);
    cursor.onBatch = tell;
  }
  const isDone = request.singleBatch === true || cursor.isDrained;
  if (isDone) {
    cursor.release();
  } else {
    cursor.remainingMs = operation.remainingMs;
    cursor.stays = request.stays === true;
    services.cursors.keep(cursor);
  }
  return cursorReply({
    namespace,
    batchName: 'firstBatch',
    batch,
    id: isDone ? 0n : cursor.id,
    resumeToken: cursor.resumeToken,
    ...snapshotTime(context, read?.place)
  });
}

async function firstBatch(
  { operation }: CommandContext,
  cursor: Cursor,
  size: number,
  executor: string | undefined
): Promise<Buffer[]> {
  try {
    return await cursor.next(size);
  } catch (error) {
    throw executor === undefined ? error : inContext(operation.explain(error), executor);
  }
}

/** A snapshot read tells its time, so that the next one can ask for the same. */
export function snapshotTime(context: CommandContext, place: ReadPlace): { atClusterTime?: bigint } {
  if (context.readConcern.level !== 'snapshot' || context.transaction !== undefined) {
    return {};
  }
  return { atClusterTime: context.readConcern.atClusterTime ?? place?.snapshot.time ?? 0n };
}
