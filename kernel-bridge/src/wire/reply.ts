import { DocumentBuilder, bytesOfDocuments } from './builder';
import type { MongoError } from './errors';

/** The fields of a failed command. */
export function errorFields(error: MongoError): DocumentBuilder {
  return new DocumentBuilder(256)
    .double('ok', 0)
    .string('errmsg', error.message)
    .int32('code', error.code)
    .string('codeName', error.codeName)
    .fields(error.fields);
}

/** The whole reply of a request that could not even be read. */
export function errorReply(error: MongoError): Buffer {
  return errorFields(error).finish();
}

/** What a cursor command answers. */
export interface CursorReply {
  readonly namespace: string;
  readonly batchName: 'firstBatch' | 'nextBatch';
  readonly batch: readonly Buffer[];
  /** 0 when nothing is left. */
  readonly id: bigint;
  readonly atClusterTime?: bigint;
  /** Raw `postBatchResumeToken` of a change stream. */
  readonly resumeToken?: Buffer | undefined;
}

/** Room for what a reply says beside its documents. */
const FIELDS_BYTES = 256;

/** `{cursor: {firstBatch: […], id, ns}}`; the documents go in as the bytes they are. */
export function cursorReply({
  namespace,
  batchName,
  batch,
  id,
  atClusterTime,
  resumeToken
}: CursorReply): DocumentBuilder {
  const reply = new DocumentBuilder(FIELDS_BYTES + bytesOfDocuments(batch))
    .open('cursor')
    .documents(batchName, batch)
    .int64('id', id)
    .string('ns', namespace);
  if (resumeToken !== undefined) {
    reply.document('postBatchResumeToken', resumeToken);
  }
  if (atClusterTime !== undefined) {
    reply.timestamp('atClusterTime', atClusterTime);
  }
  return reply.close();
}

/** An empty reply to add fields to. */
export function emptyReply(): DocumentBuilder {
  return new DocumentBuilder(192);
}
