import { createHash } from 'node:crypto';
import { Binary } from 'bson';
import { compileFilter, isArgonError, type CollectionInfo, type Snapshot } from '@argon/wal-core';
import { DocumentBuilder } from '../builder';
import { CREATE_FIELDS, changedOptions, readCreateOptions } from '../collection-options';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { checkWritableName } from '../namespace';
import { answerWithCursor } from '../open-cursor';
import { ensureWritePlace, readPlace, writePlace, type WritePlace } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { commitChange } from '../writing/commit';
import { collectionNameOf } from './collection-name';
import { ID_INDEX, batchSizeOf, listSource } from './indexes';
import { addWriteConcernError } from './write-reply';

export const create: Command = {
  name: 'create',
  fields: CREATE_FIELDS,
  writes: true,
  transaction: 'runs',
  run: async context => {
    const { args, database } = context;
    const collection = collectionNameOf(context);
    checkWritableName(database, collection);
    const options = readCreateOptions(args);
    const place = await ensureWritePlace(context);
    try {
      const { commit } = await commitChange(context, place, writer =>
        writer.createCollection(collection, options)
      );
      noteCommit(context, commit);
    } catch (error) {
      if (isArgonError(error, 'COLLECTION_EXISTS')) {
        throw new MongoError('NamespaceExists', `Collection ${database}.${collection} already exists.`, {
          cause: error
        });
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
    const reply = emptyReply()
      .int32('nIndexesWas', info.indexes.length + 1)
      .string('ns', `${database}.${collection}`);
    return addWriteConcernError(reply, args);
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
  writes: true,
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    const place = writePlace(context);
    const info = place === undefined ? undefined : currentInfo(context, place, collection);
    if (place === undefined || info === undefined) {
      throw new MongoError('NamespaceNotFound', 'ns does not exist');
    }
    const rule = ['validator', 'validationLevel', 'validationAction'];
    const other = args
      .names()
      .slice(1)
      .find(name => collModOnly.has(name));
    if (other !== undefined) {
      throw new MongoError('NotImplemented', `collMod with '${other}' is not available in Argon yet`);
    }
    if (rule.some(name => args.has(name))) {
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
    }
    return addWriteConcernError(emptyReply(), args);
  }
};

const collModOnly: ReadonlySet<string> = new Set([
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
]);

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
  const entry = new DocumentBuilder(192).string('name', info.name).string('type', 'collection');
  if (nameOnly) {
    return entry.finish();
  }
  return entry
    .document('options', info.options)
    .open('info')
    .bool('readOnly', !snapshot.writable)
    .value('uuid', collectionUuid(snapshot.project.name, info))
    .close()
    .document('idIndex', ID_INDEX)
    .finish();
}

/** A UUID that stays the same for a collection of a project on every branch. */
export function collectionUuid(project: string, info: CollectionInfo): Binary {
  const bytes = createHash('sha256').update(`${project}\0${info.id}`).digest().subarray(0, 16);
  // Version 8 (RFC 9562): made by a rule of our own.
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return new Binary(bytes, Binary.SUBTYPE_UUID);
}

export const renameCollection: Command = {
  name: 'renameCollection',
  fields: ['to', 'dropTarget', 'stayTemp'],
  adminOnly: true,
  writes: true,
  run: async context => {
    const { args, services } = context;
    const source = splitNamespace(args.string('renameCollection'), 'Invalid namespace specified');
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
    const dropTarget = args.flag('dropTarget', false);
    const place = writePlace(context, source.database);
    const notFound = new MongoError(
      'NamespaceNotFound',
      `Source collection ${source.database}.${source.collection} does not exist`
    );
    if (place === undefined) {
      throw notFound;
    }
    const state = services.engine.resolve(place.project, place.branch);
    if (state.collection(source.collection) === undefined) {
      throw notFound;
    }
    if (state.collection(target.collection) !== undefined) {
      if (!dropTarget) {
        throw new MongoError('NamespaceExists', 'target namespace exists');
      }
      await services.engine.dropCollection(place.project, place.branch, target.collection, context.origin);
    }
    const { commit } = await services.engine.write(place.project, place.branch, context.origin, writer => {
      const info = writer.collection(source.collection);
      if (info === undefined) {
        throw notFound;
      }
      return writer.renameCollection(info, target.collection);
    });
    noteCommit(context, commit);
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
