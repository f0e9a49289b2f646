import { Binary } from 'bson';
import {
  field,
  instantOf,
  type Change,
  type CollectionInfo,
  type CommitTime,
  type Image
} from '@argon/wal-core';
import { DocumentBuilder } from '../builder';
import { describeUpdate } from './description';
import type { StreamRequest } from './request';

/** A namespace as an event shows it. */
export interface EventNamespace {
  readonly database: string;
  readonly collection: string | undefined;
  /** Of the collection, where the stream shows it. */
  readonly uuid?: Binary | undefined;
}

/** What an event builder is told about its stream. */
export interface EventTerms {
  readonly request: StreamRequest;
  /** The document as it is now, for `updateLookup`. */
  readonly lookUp: (change: Change) => Image | undefined;
}

/** What a change of a collection's catalog entry was. */
export type CatalogEvent =
  | { readonly type: 'create' | 'drop' | 'modify' }
  | { readonly type: 'modifyIndex'; readonly before: Image; readonly after: Image }
  | { readonly type: 'rename'; readonly to: string }
  | { readonly type: 'createIndexes' | 'dropIndexes'; readonly specs: readonly Image[] };

/** Begins an event: its token, type and times. */
function begin(
  token: Buffer,
  type: string,
  { commitTime: time, txn }: { readonly commitTime: CommitTime; readonly txn?: string | undefined },
  uuid?: Binary
): DocumentBuilder {
  const event = new DocumentBuilder(512)
    .document('_id', token)
    .string('operationType', type)
    .timestamp('clusterTime', time)
    .value('collectionUUID', uuid)
    .date('wallTime', instantOf(time));
  const transaction = txn === undefined ? null : /^([0-9a-f]{32})\/(\d+)$/.exec(txn);
  if (transaction !== null) {
    const [, session, number] = transaction;
    event
      .open('lsid')
      .value('id', new Binary(Buffer.from(session!, 'hex'), Binary.SUBTYPE_UUID))
      .close()
      .int64('txnNumber', BigInt(number!));
  }
  return event;
}

function namespace(event: DocumentBuilder, { database, collection }: EventNamespace): DocumentBuilder {
  event.open('ns').string('db', database);
  if (collection !== undefined) {
    event.string('coll', collection);
  }
  return event.close();
}

/** The event of a changed document. */
export function documentEvent(
  change: Change,
  token: Buffer,
  where: EventNamespace,
  { request, lookUp }: EventTerms
): Buffer {
  const { before, after, isWhole } = change;
  const event = begin(token, isWhole === true ? 'replace' : change.op, change, where.uuid);
  const full =
    change.op === 'delete'
      ? null
      : change.op === 'insert' || isWhole === true
        ? after
        : fullDocument(request, change, lookUp);
  if (full === undefined) {
    event.value('fullDocument', null);
  } else if (full !== null) {
    event.document('fullDocument', full);
  }
  namespace(event, where);
  event
    .open('documentKey')
    .raw('_id', field((after ?? before)!, '_id')!)
    .close();
  if (change.op === 'update' && isWhole !== true) {
    event.document('updateDescription', describeUpdate(before!, after!));
  }
  if (request.fullDocumentBeforeChange !== 'off' && change.op !== 'insert') {
    event.document('fullDocumentBeforeChange', before!);
  }
  return event.finish();
}

/** The document of an update event: null for none at all, undefined when it is gone by now. */
function fullDocument(
  { fullDocument: wish }: StreamRequest,
  change: Change,
  lookUp: EventTerms['lookUp']
): Image | undefined | null {
  switch (wish) {
    case 'default':
      return null;
    case 'updateLookup':
      return lookUp(change);
    default:
      return change.after;
  }
}

/** What a catalog change means; several for one that changes several indexes. */
export function catalogEvents({ catalog }: Change): CatalogEvent[] {
  const { before, after } = catalog ?? {};
  if (before === undefined || after === undefined) {
    return [{ type: before === undefined ? 'create' : 'drop' }];
  }
  const events: CatalogEvent[] = [];
  if (before.name !== after.name) {
    events.push({ type: 'rename', to: after.name });
  }
  const added = missingIn(before, after);
  const removed = missingIn(after, before);
  if (added.length > 0) {
    events.push({ type: 'createIndexes', specs: added });
  }
  if (removed.length > 0) {
    events.push({ type: 'dropIndexes', specs: removed });
  }
  for (const { name, spec } of after.indexes) {
    const was = before.indexes.find(index => index.name === name);
    if (was !== undefined && !was.spec.equals(spec)) {
      events.push({ type: 'modifyIndex', before: was.spec, after: spec });
    }
  }
  if (!before.options.equals(after.options)) {
    events.push({ type: 'modify' });
  }
  return events;
}

function missingIn({ indexes }: CollectionInfo, other: CollectionInfo): Image[] {
  const names = new Set(indexes.map(({ name }) => name));
  return other.indexes.filter(({ name }) => !names.has(name)).map(({ spec }) => spec);
}

/** The event of a changed collection. */
export function catalogEvent(
  what: CatalogEvent,
  change: Change,
  token: Buffer,
  where: EventNamespace,
  { expanded }: StreamRequest
): Buffer {
  const type = what.type === 'modifyIndex' ? 'modify' : what.type;
  const event = namespace(begin(token, type, change, where.uuid), where);
  switch (what.type) {
    case 'rename':
      event.open('to').string('db', where.database).string('coll', what.to).close();
      if (expanded) {
        event.open('operationDescription').open('to').string('db', where.database).string('coll', what.to);
        event.close().close();
      }
      break;
    case 'createIndexes':
    case 'dropIndexes':
      event.open('operationDescription').documents('indexes', what.specs).close();
      break;
    case 'create':
      event.open('operationDescription');
      event.splice(change.catalog?.after?.options ?? EMPTY).close();
      break;
    case 'modify':
      event
        .open('operationDescription')
        .splice(change.catalog?.after?.options ?? EMPTY)
        .close()
        .open('stateBeforeChange')
        .document('collectionOptions', change.catalog?.before?.options ?? EMPTY)
        .close();
      break;
    case 'modifyIndex':
      event
        .open('operationDescription')
        .document('index', what.after)
        .close()
        .open('stateBeforeChange')
        .document('collectionOptions', change.catalog?.before?.options ?? EMPTY)
        .document('indexOptions', what.before)
        .close();
      break;
    case 'drop':
  }
  return event.finish();
}

const EMPTY = Buffer.from([5, 0, 0, 0, 0]);

/** The event behind the drops of all collections of a database. */
export function databaseDropEvent(change: Change, token: Buffer, database: string): Buffer {
  const where = { database, collection: undefined };
  return namespace(begin(token, 'dropDatabase', { commitTime: change.commitTime }), where).finish();
}

/** The last event of a stream whose collection, database or branch is gone. */
export function invalidateEvent(token: Buffer, commitTime: CommitTime): Buffer {
  return begin(token, 'invalidate', { commitTime }).finish();
}
