import {
  T,
  documentOf,
  elements,
  isArgonError,
  values,
  type CollectionInfo,
  type IndexInfo,
  type RawValue
} from '@argon/wal-core';
import { FLAG, type ArgumentCheck } from '../argument-types';
import { Arguments, numberOf, stringOf, wholeOf } from '../arguments';
import { DocumentBuilder } from '../builder';
import { clusteredIndexOf } from '../clustered';
import { defaultCollation, refuseView } from '../collection-kind';
import { NODES_MAX } from '../concerns';
import { noteCommit, type CommandContext } from '../context';
import type { DocumentSource } from '../cursors';
import { MongoError } from '../errors';
import { existsAlready, readIndexSpec, type IndexRequest } from '../index-spec';
import { checkWritableName } from '../namespace';
import { answerWithCursor } from '../open-cursor';
import { ensureWritePlace, headOf, readPlace, writePlace, type WritePlace } from '../place';
import { sameKeyPattern } from '../plan';
import { emptyReply } from '../reply';
import { documentText } from '../shell-text';
import type { Command, Reply } from '../registry';
import { commitChange } from '../writing/commit';
import { duplicateKey } from '../writing/failure';
import { addWriteConcernError } from './write-reply';
import { collectionNameOf } from './collection-name';

/** `{v: 2, key: {_id: 1}, name: "_id_"}`: the index every collection has. */
export const ID_INDEX: Buffer = new DocumentBuilder(64)
  .int32('v', 2)
  .open('key')
  .int32('_id', 1)
  .close()
  .string('name', '_id_')
  .finish();

/** That index of a collection, with what it has from it: a collation, or to be what it is clustered by. */
export function idIndexOf(info: CollectionInfo): Buffer {
  const clustered = clusteredIndexOf(info);
  if (clustered !== undefined) {
    return clustered;
  }
  const collation = defaultCollation(info);
  return collation === undefined
    ? ID_INDEX
    : documentOf([...elements(ID_INDEX), { name: 'collation', type: T.OBJECT, bytes: collation }]);
}

const MODES: ReadonlySet<string> = new Set(['majority', 'votingMembers']);

const COMMIT_QUORUM: ArgumentCheck = (args, name, value) => {
  if (value.type !== T.NULL && value.type !== T.STRING && numberOf(value) === undefined) {
    args.wrongType(name, value.type, ['long', 'int', 'decimal', 'double', 'string']);
  }
};

export const createIndexes: Command = {
  name: 'createIndexes',
  fields: ['indexes', 'commitQuorum', 'ignoreUnknownIndexOptions'],
  types: { commitQuorum: COMMIT_QUORUM, ignoreUnknownIndexOptions: FLAG },
  writes: true,
  transaction: 'runs',
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    checkWritableName(context.database, collection);
    const raws = args.documents('indexes');
    if (raws.length === 0) {
      throw new MongoError('BadValue', 'Must specify at least one index to create');
    }
    const existing = writePlace(context);
    const known = existing === undefined ? undefined : await infoOf(context, existing, collection);
    refuseView(context.database, collection, known);
    const requests = raws.map(raw =>
      readIndexSpec(raw, defaultCollation(known), args.flag('ignoreUnknownIndexOptions', false))
    );
    checkAmongThemselves(requests);
    checkCommitQuorum(args);
    const place = await ensureWritePlace(context);
    const before = await infoOf(context, place, collection);
    const missing = requests.filter(request => !existsAlready(request, before?.indexes ?? []));
    if (before === undefined) {
      await makeCollection(context, place, collection);
    }
    if (context.transaction === undefined) {
      await buildAll(context, place, collection, missing);
    } else {
      await commitChange(context, place, writer => {
        const made = writer.ensureCollection(collection);
        missing.forEach(({ spec }) => writer.createIndex(made, spec));
      });
    }
    const count = (before?.indexes.length ?? 0) + 1;
    const reply = emptyReply()
      .int32('numIndexesBefore', count)
      .int32('numIndexesAfter', ((await infoOf(context, place, collection))?.indexes.length ?? 0) + 1);
    if (missing.length === 0) {
      reply.string('note', 'all indexes already exist');
    } else {
      reply
        .bool('createdCollectionAutomatically', before === undefined)
        .raw('commitQuorum', args.get('commitQuorum') ?? VOTING_MEMBERS);
    }
    return addWriteConcernError(reply, args);
  }
};

async function infoOf(
  context: CommandContext,
  place: WritePlace,
  collection: string
): Promise<CollectionInfo | undefined> {
  return (await headOf(context, place)).collection(collection);
}

async function makeCollection(context: CommandContext, place: WritePlace, collection: string): Promise<void> {
  const { commit } = await commitChange(context, place, writer => writer.ensureCollection(collection));
  noteCommit(context, commit);
}

/** Builds one index after the other. When one cannot be built none of them stays, as in mongod. */
async function buildAll(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  requests: readonly IndexRequest[]
): Promise<void> {
  const built: string[] = [];
  try {
    for (const request of requests) {
      context.operation.check();
      await build(context, place, collection, request);
      built.push(request.name);
    }
  } catch (error) {
    await dropByName(context, place, collection, built);
    throw error;
  }
}

async function build(
  context: CommandContext,
  { project, branch }: WritePlace,
  collection: string,
  request: IndexRequest
): Promise<void> {
  try {
    const { operation, services, origin } = context;
    const tell = (done: number) => {
      operation.work = { message: `Index Build: ${request.name}`, done };
    };
    tell(0);
    await services.engine.createIndex(project, branch, collection, request.spec, origin, {
      signal: operation.signal,
      onProgress: tell
    });
  } catch (error) {
    if (isArgonError(error, 'DUPLICATE_KEY')) {
      const duplicate = duplicateKey(error, `${context.database}.${collection}`);
      throw new MongoError(duplicate.code, `Index build failed: ${duplicate.message}`, {
        fields: duplicate.fields,
        cause: error
      });
    }
    throw error;
  }
  context.commitTime = context.services.engine.lastCommitTime();
}

const VOTING_MEMBERS: RawValue = { type: T.STRING, bytes: Buffer.from('\x0e\0\0\0votingMembers\0') };

/** There is one node to build on. @throws MongoError 278 */
function checkCommitQuorum(args: Arguments): void {
  const value = args.get('commitQuorum');
  if (value?.type === T.STRING) {
    const mode = stringOf(value);
    if (mode === '') {
      throw new MongoError('FailedToParse', 'commitQuorum may not be an empty string');
    }
    if (!MODES.has(mode)) {
      throw new MongoError(
        'UnknownReplWriteConcern',
        `No write concern mode named '${mode}' found in replica set configuration`
      );
    }
  }
  const nodes = value === undefined ? 0 : wholeOf(numberOf(value) ?? 0, value.type);
  if (!(nodes >= 0 && nodes <= NODES_MAX)) {
    throw new MongoError(
      'FailedToParse',
      `commitQuorum has to be a non-negative number and not greater than ${NODES_MAX}`
    );
  }
  if (nodes > 1) {
    throw new MongoError(
      'UnsatisfiableCommitQuorum',
      'Not enough data-bearing nodes to satisfy commit quorum'
    );
  }
}

/** Two requests of one command may not clash either. */
function checkAmongThemselves(requests: readonly IndexRequest[]): void {
  requests.forEach((request, at) => {
    for (const earlier of requests.slice(0, at)) {
      const asIndex = { ...earlier, id: 0 } as unknown as IndexInfo;
      if (!earlier.isId && existsAlready(request, [asIndex])) {
        throw new MongoError(
          'OperationFailed',
          'Cannot build two identical indexes. Try again without duplicate indexes.'
        );
      }
    }
  });
}

export const listIndexes: Command = {
  name: 'listIndexes',
  fields: ['cursor', 'includeBuildUUIDs', 'includeIndexBuildInfo'],
  types: { includeBuildUUIDs: FLAG, includeIndexBuildInfo: FLAG },
  run: context => {
    const collection = collectionNameOf(context);
    const info = readPlace(context)?.snapshot.collection(collection);
    if (info === undefined) {
      throw new MongoError('NamespaceNotFound', `ns does not exist: ${context.database}.${collection}`);
    }
    refuseView(context.database, collection, info);
    return answerWithCursor(context, {
      namespace: `${context.database}.${collection}`,
      source: listSource([idIndexOf(info), ...info.indexes.map(index => index.spec)]),
      batchSize: batchSizeOf(context) ?? Infinity
    });
  }
};

/** `cursor.batchSize` of a command that answers with a cursor. */
export function batchSizeOf({ args }: CommandContext): number | undefined {
  const cursor = args.optionalDocument('cursor');
  return cursor === undefined
    ? undefined
    : new Arguments(cursor, 'cursor').only(['batchSize'], undefined).integer('batchSize', { min: 0 });
}

/** A result that is known as a whole. */
export function listSource(documents: readonly Buffer[]): DocumentSource {
  let given = documents.length === 0;
  return {
    async *[Symbol.asyncIterator]() {
      given = true;
      if (documents.length > 0) {
        yield documents;
      }
    },
    isAtEnd: () => given
  };
}

export const dropIndexes: Command = {
  name: 'dropIndexes',
  aliases: ['deleteIndexes'],
  fields: ['index'],
  writes: true,
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    const which = args.get('index') ?? args.missing('index');
    if (which.type !== T.STRING && which.type !== T.OBJECT && which.type !== T.ARRAY) {
      args.wrongType('index', which.type, ['string', 'object']);
    }
    const place = writePlace(context);
    const info = place === undefined ? undefined : await infoOf(context, place, collection);
    if (place === undefined || info === undefined) {
      throw new MongoError('NamespaceNotFound', `ns not found ${context.database}.${collection}`);
    }
    refuseView(context.database, collection, info);
    const all = which.type === T.STRING && stringOf(which) === '*';
    const names = all ? info.indexes.map(index => index.name) : namesOf(which, info);
    await dropByName(context, place, collection, names);
    const reply: Reply = emptyReply().int32('nIndexesWas', info.indexes.length + 1);
    if (all) {
      reply.string('msg', 'non-_id indexes dropped for collection');
    }
    return addWriteConcernError(reply, args);
  }
};

async function dropByName(
  context: CommandContext,
  { project, branch }: WritePlace,
  collection: string,
  names: readonly string[]
): Promise<void> {
  const { commit } = await context.services.engine.write(project, branch, context.origin, writer => {
    for (const name of names) {
      const current = writer.collection(collection);
      if (current?.indexes.some(index => index.name === name) === true) {
        writer.dropIndex(current, name);
      }
    }
  });
  noteCommit(context, commit);
}

/** Names of the indexes a `dropIndexes` means. @throws MongoError 27, 72 */
function namesOf(which: { readonly type: number; readonly bytes: Buffer }, info: CollectionInfo): string[] {
  if (which.type === T.ARRAY) {
    return values(which.bytes).flatMap(value => {
      if (value.type !== T.STRING) {
        throw new MongoError('TypeMismatch', 'dropIndexes: an array of indexes must hold names');
      }
      return namesOf(value, info);
    });
  }
  if (which.type === T.STRING) {
    const name = stringOf(which);
    if (name === '_id_') {
      throw new MongoError('InvalidOptions', 'cannot drop _id index');
    }
    if (!info.indexes.some(index => index.name === name)) {
      throw new MongoError('IndexNotFound', `index not found with name [${name}]`);
    }
    return [name];
  }
  const parts = elements(which.bytes);
  if (parts.length === 1 && parts[0]?.name === '_id') {
    throw new MongoError('InvalidOptions', 'cannot drop _id index');
  }
  const found = info.indexes.filter(index => sameKeyPattern(index.key, which.bytes));
  if (found.length === 0) {
    throw new MongoError('IndexNotFound', `can't find index with key: ${documentText(which.bytes)}`);
  }
  if (found.length > 1) {
    throw new MongoError(
      'AmbiguousIndexKeyPattern',
      `${found.length} indexes found for key: ${documentText(which.bytes)}, identify by name instead.`
    );
  }
  return found.map(index => index.name);
}
