import { ObjectId, Long } from 'bson';
import { T, field, type Commit } from '@argon/wal-core';
import { decode, firstElement, numberOf, stringOf, type Arguments } from '../arguments';
import { toTimestamp, type DocumentBuilder } from '../builder';
import { NODES_MAX } from '../concerns';
import { emptyReply } from '../reply';
import type { BatchResult } from '../writing/batch-result';

const ELECTION_ID = new ObjectId('7fffffff0000000000000001');

/** The reply of insert, update and delete. */
export function writeReply(
  { total, retriedStatements }: BatchResult,
  args: Arguments,
  counts: { readonly modified: boolean }
): DocumentBuilder {
  const reply = emptyReply().int32('n', total.n);
  if (total.upserted.length > 0) {
    reply.documents('upserted', total.upserted);
  }
  if (total.writeErrors.length > 0) {
    reply.documents('writeErrors', total.writeErrors);
  }
  if (counts.modified) {
    reply.int32('nModified', total.nModified);
  }
  if (retriedStatements.length > 0) {
    reply.value('retriedStmtIds', retriedStatements);
  }
  addCommit(reply, total.commit);
  return addWriteConcernError(reply, args);
}

/** Says where a write went: for drivers `opTime`, for people who know us `argon`. */
export function addCommit(reply: DocumentBuilder, commit: Commit | undefined): DocumentBuilder {
  if (commit !== undefined) {
    reply
      .value('electionId', ELECTION_ID)
      .value('opTime', { ts: toTimestamp(commit.time), t: Long.ONE })
      .open('argon')
      .string('project', commit.project)
      .string('branch', commit.branch)
      .integer('lsn', commit.lastLsn)
      .close();
  }
  return reply;
}

/** A write concern that a set of one node cannot meet is answered as mongod does; the write is durable all the same. */
export function addWriteConcernError(reply: DocumentBuilder, args: Arguments): DocumentBuilder {
  const concern = args.get('writeConcern');
  const w = concern?.type === T.OBJECT ? field(concern.bytes, 'w') : undefined;
  const nodes = w === undefined ? undefined : Math.trunc(numberOf(w) ?? 0);
  const given = concern?.type === T.OBJECT ? field(concern.bytes, 'wtimeout') : undefined;
  const wtimeout = given === undefined ? 0 : (numberOf(given) ?? 0);
  if (nodes !== undefined && nodes > 1 && nodes <= NODES_MAX) {
    reply.value('writeConcernError', {
      code: 100,
      codeName: 'UnsatisfiableWriteConcern',
      errmsg: 'Not enough data-bearing nodes',
      errInfo: { writeConcern: { w: nodes, wtimeout, provenance: 'clientSupplied' } }
    });
  } else if (w?.type === T.NULL || (w?.type === T.STRING && stringOf(w) !== 'majority')) {
    const mode = w.type === T.NULL ? '' : stringOf(w);
    reply.value('writeConcernError', {
      code: 79,
      codeName: 'UnknownReplWriteConcern',
      errmsg: `No write concern mode named '${mode}' found in replica set configuration`,
      errInfo: { writeConcern: { w: mode, wtimeout, provenance: 'clientSupplied' } }
    });
  } else if (w?.type === T.OBJECT) {
    // The one member of this set has no tags.
    reply.value('writeConcernError', {
      code: 4,
      codeName: 'NoSuchKey',
      errmsg: `No replica set tag named '${firstElement(w.bytes)?.name ?? ''}' found in replica set configuration`,
      errInfo: { writeConcern: { w: decode(w), wtimeout, provenance: 'clientSupplied' } }
    });
  }
  return reply;
}
