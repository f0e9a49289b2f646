import { Long } from 'bson';
import { statfs } from 'node:fs/promises';
import type { CollectionInfo, Snapshot } from '@argon/wal-core';
import { capOf, refuseView, viewOf } from '../collection-kind';
import { MongoError } from '../errors';
import { readPlace } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { sizeOf } from '../sizes';
import { collectionNameOf } from './collection-name';

/** Sizes and counts. Bytes of documents are estimates, counts are exact; sizes of indexes are not known and said to be 0. */
export const dbStats: Command = {
  name: 'dbStats',
  aliases: ['dbstats'],
  fields: ['scale', 'freeStorage'],
  run: async context => {
    const { args, database, services } = context;
    const scale = args.integer('scale', { min: 1, max: Number.MAX_SAFE_INTEGER }) ?? 1;
    const snapshot = readPlace(context)?.snapshot;
    let objects = 0;
    let bytes = 0;
    let indexes = 0;
    const all = snapshot?.collections() ?? [];
    const stored = all.filter(collection => viewOf(collection) === undefined);
    for (const collection of stored) {
      const size = await sizeOf(snapshot!, collection);
      objects += size.count;
      bytes += size.bytes;
      indexes += collection.indexes.length + 1;
    }
    const disk = snapshot === undefined ? undefined : await statfs(services.engine.directory);
    return emptyReply()
      .string('db', database)
      .integer('collections', stored.length)
      .integer('views', all.length - stored.length)
      .integer('objects', objects)
      .double('avgObjSize', objects === 0 ? 0 : bytes / objects)
      .double('dataSize', bytes / scale)
      .double('storageSize', bytes / scale)
      .integer('indexes', indexes)
      .double('indexSize', 0)
      .double('totalSize', bytes / scale)
      .int64('scaleFactor', scale)
      .double('fsUsedSize', disk === undefined ? 0 : ((disk.blocks - disk.bfree) * disk.bsize) / scale)
      .double('fsTotalSize', disk === undefined ? 0 : (disk.blocks * disk.bsize) / scale);
  }
};

export const collStats: Command = {
  name: 'collStats',
  aliases: ['collstats'],
  fields: ['scale'],
  run: async context => {
    const { args, database } = context;
    const scale = args.integer('scale', { min: 1, max: Number.MAX_SAFE_INTEGER }) ?? 1;
    const collection = collectionNameOf(context);
    const snapshot = readPlace(context)?.snapshot;
    const info = snapshot?.collection(collection);
    refuseView(database, collection, info);
    const stats = await storageStats(snapshot, info, scale);
    return emptyReply().string('ns', `${database}.${collection}`).fields(stats);
  }
};

/** What `collStats` and `$collStats` say of a collection. */
export async function storageStats(
  snapshot: Snapshot | undefined,
  info: CollectionInfo | undefined,
  scale: number
): Promise<Record<string, unknown>> {
  const size =
    snapshot === undefined || info === undefined
      ? { count: 0, averageBytes: 0, bytes: 0 }
      : await sizeOf(snapshot, info);
  const bytes = whole(Math.floor(size.bytes / scale));
  const indexes = info === undefined ? [] : ['_id_', ...info.indexes.map(index => index.name)];
  return {
    size: bytes,
    count: whole(size.count),
    ...(size.count > 0 ? { avgObjSize: whole(size.averageBytes) } : {}),
    numOrphanDocs: 0,
    storageSize: bytes,
    freeStorageSize: 0,
    ...cappedStats(info),
    nindexes: indexes.length,
    indexBuilds: [],
    totalIndexSize: 0,
    totalSize: bytes,
    indexSizes: Object.fromEntries(indexes.map(name => [name, 0])),
    scaleFactor: scale
  };
}

function cappedStats(info: CollectionInfo | undefined): Record<string, unknown> {
  const cap = capOf(info);
  return cap === undefined
    ? { capped: false }
    : {
        capped: true,
        max: whole(Math.min(cap.documentsMax, 0x7fffffff)),
        maxSize: whole(cap.bytesMax)
      };
}

/** A whole number as mongod sends it: int32 if it fits. */
function whole(n: number): number | Long {
  return n <= 0x7fffffff ? n : Long.fromNumber(n);
}

/** Walks the whole collection and its indexes: every document is read, every index entry is counted. */
export const validate: Command = {
  name: 'validate',
  fields: [
    'full',
    'scandata',
    'background',
    'repair',
    'enforceFastCount',
    'checkBSONConformance',
    'metadata'
  ],
  run: async context => {
    const { args, database, operation } = context;
    if (args.flag('background', false) && (args.flag('full', false) || args.flag('repair', false))) {
      const other = args.flag('full', false) ? 'full' : 'repair';
      throw new MongoError(
        'InvalidOptions',
        `Running the validate command with both { background: true } and { ${other}: true } is not supported.`
      );
    }
    const collection = collectionNameOf(context);
    const snapshot = readPlace(context)?.snapshot;
    const info = snapshot?.collection(collection);
    if (snapshot === undefined || info === undefined) {
      throw new MongoError(
        'NamespaceNotFound',
        `Collection '${database}.${collection}' does not exist to validate.`
      );
    }
    if (viewOf(info) !== undefined) {
      throw new MongoError('CommandNotSupportedOnView', 'Cannot validate a view');
    }
    let records = 0;
    for await (const { images } of snapshot.scan(info, { signal: operation.signal })) {
      operation.check();
      records += images.length;
    }
    const keysPerIndex: Record<string, number> = { _id_: records };
    for (const index of info.indexes) {
      let keys = 0;
      for await (const batch of snapshot.scanIndex(info, index, { signal: operation.signal })) {
        operation.check();
        keys += batch.keys.length;
      }
      keysPerIndex[index.name] = keys;
    }
    const counted = await snapshot.count(info);
    const errors =
      counted === records ? [] : [`the count says ${counted} documents, the scan found ${records}`];
    return emptyReply()
      .string('ns', `${database}.${collection}`)
      .int32('nInvalidDocuments', 0)
      .int32('nNonCompliantDocuments', 0)
      .integer('nrecords', records)
      .int32('nIndexes', info.indexes.length + 1)
      .value('keysPerIndex', keysPerIndex)
      .value(
        'indexDetails',
        Object.fromEntries(Object.keys(keysPerIndex).map(name => [name, { valid: true }]))
      )
      .bool('valid', errors.length === 0)
      .bool('repaired', false)
      .value('warnings', [])
      .value('errors', errors)
      .value('extraIndexEntries', [])
      .value('missingIndexEntries', [])
      .value('corruptRecords', []);
  }
};
