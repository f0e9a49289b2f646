import { createHash } from 'node:crypto';
import { Binary } from 'bson';
import { T, compileFilter, isArgonError, type CollectionInfo, type Snapshot } from '@argon/wal-core';
import { BOOL, FLAG, OBJECT, STRING, between, type ArgumentCheck } from '../argument-types';
import { DocumentBuilder } from '../builder';
import { clusteredIndexOf } from '../clustered';
import { CREATE_FIELDS, changedOptions, readCreateOptions } from '../collection-options';
import { CAP_BYTES, CAP_DOCUMENTS, CREATE_TYPES, PIPELINE } from '../create-options';
import { noteCommit, type CommandContext } from '../context';
import { trim, withCap } from '../capped/keeper';
import { capOf, viewOf } from '../collection-kind';
import { changeIndex } from '../index-change';
import { MongoError } from '../errors';
import { checkView } from '../view-check';
import { checkWritableName } from '../namespace';
import { answerWithCursor } from '../open-cursor';
import { ensureWritePlace, readPlace, writePlace, type WritePlace } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { commitChange } from '../writing/commit';
import { renameTo, sourceNotFound, takePlace } from '../writing/take-place';
import { collectionNameOf, namespaceOf } from './collection-name';
import { batchSizeOf, idIndexOf, listSource } from './indexes';
import { addWriteConcernError } from './write-reply';

export const create: Command = {
  name: 'create',
  fields: CREATE_FIELDS,
  types: CREATE_TYPES,
  writes: true,
  transaction: 'runs',
  run: async context => {
    const { args, database } = context;
    const collection = collectionNameOf(context);
    checkWritableName(database, collection);
    const options = readCreateOptions(args);
    checkView(
      database,
      collection,
      options,
      writePlace(context) === undefined ? undefined : readPlace(context)?.snapshot
    );
    const place = await ensureWritePlace(context);
    try {
      const { commit } = await commitChange(context, place, writer =>
        writer.createCollection(collection, options)
      );
      noteCommit(context, commit);
    } catch (error) {
      if (isArgonError(error, 'COLLECTION_EXISTS')) {
        const message = args.has('viewOn')
          ? 'Namespace already exists'
          : `Collection ${database}.${collection} already exists.`;
        throw new MongoError('NamespaceExists', message, { cause: error });
      }
      throw error;
    }
    return addWriteConcernError(emptyReply(), args);
  }
};

export const drop: Command = {
  name: 'drop',
  fields: [],
  writes: true,
  run: async context => {
    const { args, database, services } = context;
    const collection = collectionNameOf(context);
    const place = writePlace(context);
    const info =
      place === undefined
        ? undefined
        : services.engine.resolve(place.project, place.branch).collection(collection);
    const dropped =
      place !== undefined &&
      info !== undefined &&
      (await services.engine.dropCollection(place.project, place.branch, collection, context.origin));
    if (!dropped) {
      throw new MongoError('NamespaceNotFound', 'ns not found');
    }
    context.commitTime = services.engine.lastCommitTime();
    const reply = emptyReply();
    if (viewOf(info) === undefined) {
      reply.int32('nIndexesWas', info.indexes.length + 1);
    }
    return addWriteConcernError(reply.string('ns', `${database}.${collection}`), args);
  }
};

/** A time to live, or 'off'. */
const EXPIRE: ArgumentCheck = (args, name, { type }) => {
  if (
    type !== T.STRING &&
    type !== T.INT64 &&
    type !== T.INT32 &&
    type !== T.DOUBLE &&
    type !== T.DECIMAL128
  ) {
    args.wrongType(name, type, ['string', 'long']);
  }
};

const TIMESERIES: ArgumentCheck = (args, name, value, where) => {
  OBJECT(args, name, value, where);
  if (value.type === T.OBJECT) {
    args.object(name)?.only(['granularity', 'bucketMaxSpanSeconds'], undefined);
    throw new MongoError('InvalidOptions', `option only supported on a time-series collection: ${name}`);
  }
};

export const collMod: Command = {
  name: 'collMod',
  fields: [
    'validator',
    'validationLevel',
    'validationAction',
    'index',
    'viewOn',
    'pipeline',
    'expireAfterSeconds',
    'changeStreamPreAndPostImages',
    'recordPreImages',
    'cappedSize',
    'cappedMax',
    'timeseries',
    'dryRun'
  ],
  types: {
    validator: OBJECT,
    validationLevel: STRING,
    validationAction: STRING,
    viewOn: STRING,
    pipeline: PIPELINE,
    expireAfterSeconds: EXPIRE,
    cappedSize: between(CAP_BYTES),
    cappedMax: between(CAP_DOCUMENTS),
    timeseries: TIMESERIES,
    dryRun: FLAG,
    recordPreImages: FLAG
  },
  writes: true,
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    const place = writePlace(context);
    const info = place === undefined ? undefined : currentInfo(context, place, collection);
    if (place === undefined || info === undefined) {
      throw new MongoError('NamespaceNotFound', 'ns does not exist');
    }
    const isView = viewOf(info) !== undefined;
    for (const name of args.names().slice(1)) {
      if (args.get(name)?.type === T.NULL) {
        continue;
      }
      if (name === 'viewOn' && args.optionalString(name) === '') {
        throw new MongoError('BadValue', "'viewOn' cannot be empty");
      }
      if (name === 'expireAfterSeconds') {
        if (clusteredIndexOf(info) === undefined) {
          throw new MongoError(
            'InvalidOptions',
            "'expireAfterSeconds' option is only supported on collections clustered by _id"
          );
        }
        throw new MongoError('NotImplemented', `collMod with '${name}' is not available in Argon yet`);
      }
      if (name === 'dryRun' && args.flag(name, false)) {
        throw new MongoError('InvalidOptions', 'dry run mode requires an valid index modification.');
      }
      if (VIEW_OPTIONS.has(name) && !isView) {
        throw new MongoError('InvalidOptions', `option only supported on a view: ${name}`);
      }
      if (STORED_OPTIONS.has(name) && isView) {
        throw new MongoError('InvalidOptions', `option not supported on a view: ${name}`);
      }
      if (CAP_OPTIONS.has(name) && capOf(info) === undefined) {
        throw new MongoError('InvalidOptions', `Collection must be capped.`);
      }
    }
    const reply = emptyReply();
    const index = args.object('index');
    if (index !== undefined) {
      await changeIndex(context, place, collection, index, reply);
    }
    if (
      args.names().some(name => STORED_OPTIONS.has(name) || VIEW_OPTIONS.has(name) || CAP_OPTIONS.has(name))
    ) {
      const options = changedOptions(info.options, args);
      checkView(context.database, collection, options, readPlace(context)?.snapshot);
      const { commit } = await context.services.engine.write(
        place.project,
        place.branch,
        context.origin,
        writer => {
          const current = writer.collection(collection);
          return current === undefined
            ? undefined
            : writer.setOptions(current, changedOptions(current.options, args));
        }
      );
      noteCommit(context, commit);
      if (args.names().some(name => CAP_OPTIONS.has(name))) {
        await withCap(context, place, collection, keeper => trim(context, place, collection, keeper));
      }
    }
    return addWriteConcernError(reply, args);
  }
};

const STORED_OPTIONS: ReadonlySet<string> = new Set([
  'validator',
  'validationLevel',
  'validationAction',
  'changeStreamPreAndPostImages'
]);
const VIEW_OPTIONS: ReadonlySet<string> = new Set(['viewOn', 'pipeline']);
const CAP_OPTIONS: ReadonlySet<string> = new Set(['cappedSize', 'cappedMax']);
function currentInfo(
  { services }: CommandContext,
  place: WritePlace,
  collection: string
): CollectionInfo | undefined {
  return services.engine.resolve(place.project, place.branch).collection(collection);
}

export const listCollections: Command = {
  name: 'listCollections',
  fields: ['filter', 'cursor', 'nameOnly', 'authorizedCollections', 'includePendingDrops'],
  types: { nameOnly: BOOL, authorizedCollections: BOOL, includePendingDrops: FLAG },
  run: context => {
    const { args, database } = context;
    const nameOnly = args.flag('nameOnly', false);
    const filter = args.optionalDocument('filter');
    const place = readPlace(context);
    let entries = (place?.snapshot.collections() ?? []).map(info =>
      describe(place!.snapshot, info, nameOnly)
    );
    if (filter !== undefined && filter.length > 5) {
      const wanted = compileFilter(filter);
      entries = entries.filter(entry => wanted.matches(entry));
    }
    return answerWithCursor(context, {
      namespace: `${database}.$cmd.listCollections`,
      source: listSource(entries),
      batchSize: batchSizeOf(context) ?? Infinity
    });
  }
};

function describe(snapshot: Snapshot, info: CollectionInfo, nameOnly: boolean): Buffer {
  const isView = viewOf(info) !== undefined;
  const entry = new DocumentBuilder(192)
    .string('name', info.name)
    .string('type', isView ? 'view' : 'collection');
  if (nameOnly) {
    return entry.finish();
  }
  if (isView) {
    return entry.document('options', info.options).open('info').bool('readOnly', true).close().finish();
  }
  entry
    .document('options', info.options)
    .open('info')
    .bool('readOnly', !snapshot.writable)
    .value('uuid', collectionUuid(snapshot.project.name, info))
    .close();
  // As in mongod, a clustered collection tells of its index among its options.
  return (clusteredIndexOf(info) === undefined ? entry.document('idIndex', idIndexOf(info)) : entry).finish();
}

/** A UUID that stays the same for a collection of a project on every branch. */
export function collectionUuid(project: string, info: CollectionInfo): Binary {
  const bytes = createHash('sha256').update(`${project}\0${info.id}`).digest().subarray(0, 16);
  // Version 8 (RFC 9562): made by a rule of our own.
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return new Binary(bytes, Binary.SUBTYPE_UUID);
}

/** True, or the UUID of the collection that may be dropped. */
const DROP_TARGET: ArgumentCheck = (args, name, { type, bytes }) => {
  if (type === T.BINARY) {
    if (bytes[4] !== Binary.SUBTYPE_UUID || bytes.length !== 5 + 16) {
      throw new MongoError('InvalidUUID', 'uuid must be a 16-byte binary field with UUID (4) subtype');
    }
    throw new MongoError('CollectionUUIDMismatch', 'Collection UUID does not match that specified');
  }
  if (type !== T.BOOL) {
    args.wrongType(name, type, ['bool', 'binData']);
  }
};

export const renameCollection: Command = {
  name: 'renameCollection',
  fields: ['to', 'dropTarget', 'stayTemp'],
  types: { dropTarget: DROP_TARGET, stayTemp: BOOL },
  adminOnly: true,
  writes: true,
  run: async context => {
    const { args, services } = context;
    const source = splitNamespace(namespaceOf(args, 'renameCollection'), 'Invalid namespace specified');
    const target = splitNamespace(args.string('to'), 'Invalid target namespace:');
    if (source.database === target.database && source.collection === target.collection) {
      throw new MongoError('IllegalOperation', "Can't rename a collection to itself");
    }
    checkWritableName(target.database, target.collection);
    if (source.database !== target.database) {
      throw new MongoError(
        'NotImplemented',
        'renaming a collection into another database is not available in Argon yet'
      );
    }
    const place = writePlace(context, source.database);
    const state = place && services.engine.resolve(place.project, place.branch);
    const renamed = state?.collection(source.collection);
    if (place === undefined || renamed === undefined) {
      throw sourceNotFound(source.database, source.collection);
    }
    if (viewOf(renamed) !== undefined) {
      throw new MongoError(
        'CommandNotSupportedOnView',
        `cannot rename view: ${source.database}.${source.collection}`
      );
    }
    if (state?.collection(target.collection) === undefined) {
      await renameTo(context, place, source.collection, target.collection);
    } else if (args.get('dropTarget')?.bytes[0] === 1) {
      await takePlace(context, place, source.collection, target.collection);
    } else {
      throw new MongoError('NamespaceExists', 'target namespace exists');
    }
    return addWriteConcernError(emptyReply(), args);
  }
};

function splitNamespace(namespace: string, complaint: string): { database: string; collection: string } {
  const dot = namespace.indexOf('.');
  if (dot < 1 || dot === namespace.length - 1) {
    const shown = complaint.endsWith(':') ? namespace : `'${namespace}'`;
    throw new MongoError('InvalidNamespace', `${complaint} ${shown}`);
  }
  return { database: namespace.slice(0, dot), collection: namespace.slice(dot + 1) };
}
