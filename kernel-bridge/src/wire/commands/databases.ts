import { randomUUID } from 'node:crypto';
import { T, compileFilter, type ProjectInfo } from '@argon/wal-core';
import { BOOL } from '../argument-types';
import { numberOf } from '../arguments';
import { DocumentBuilder } from '../builder';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { databaseName } from '../namespace';
import { writePlace } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { sizeOf } from '../sizes';
import { addWriteConcernError } from './write-reply';

const BYTES_PER_MB = 1024 * 1024;

/** Projects that hold a collection on the branch their plain name opens; an empty database does not exist in MongoDB. */
export const listDatabases: Command = {
  name: 'listDatabases',
  fields: ['filter', 'nameOnly', 'authorizedDatabases'],
  types: { authorizedDatabases: BOOL },
  adminOnly: true,
  run: async context => {
    const { args, services } = context;
    const nameOnly = args.flag('nameOnly', false);
    const filter = args.optionalDocument('filter');
    const wanted = filter === undefined || filter.length === 5 ? undefined : compileFilter(filter);
    const entries: Buffer[] = [];
    let total = 0;
    const projects = [...services.engine.projects()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const project of projects) {
      context.operation.check();
      const described = await describe(context, project, nameOnly);
      if (described !== undefined && wanted?.matches(described.entry) !== false) {
        entries.push(described.entry);
        total += described.bytes;
      }
    }
    const reply = emptyReply().documents('databases', entries);
    return nameOnly
      ? reply
      : reply.int64('totalSize', total).int64('totalSizeMb', Math.floor(total / BYTES_PER_MB));
  }
};

async function describe(
  context: CommandContext,
  project: ProjectInfo,
  nameOnly: boolean
): Promise<{ entry: Buffer; bytes: number } | undefined> {
  const snapshot = context.services.engine.resolve(project.name, project.defaultBranch);
  const collections = snapshot.collections();
  if (collections.length === 0) {
    return undefined;
  }
  const builder = new DocumentBuilder(96).string('name', databaseName(project.name));
  if (nameOnly) {
    return { entry: builder.finish(), bytes: 0 };
  }
  let bytes = 0;
  for (const collection of collections) {
    bytes += (await sizeOf(snapshot, collection)).bytes;
  }
  return { entry: builder.int64('sizeOnDisk', bytes).bool('empty', false).finish(), bytes };
}

/** How the ids of what `dropDatabase` does begin: history shows them as one, and undo takes them back together. */
export const DATABASE_DROP = 'drop-database/';

/** Drops the collections of the branch a database name opens. Project, branches and history stay. */
export const dropDatabase: Command = {
  name: 'dropDatabase',
  fields: [],
  writes: true,
  run: async context => {
    const { args, services } = context;
    const one = args.get('dropDatabase')!;
    if (one.type === T.NULL) {
      args.missing('dropDatabase');
    }
    if (args.integer('dropDatabase') !== 1 || numberOf(one) !== 1) {
      throw new MongoError(5255100, "Have to pass 1 as 'drop' parameter");
    }
    const place = writePlace(context);
    const collections =
      place === undefined ? [] : services.engine.resolve(place.project, place.branch).collections();
    const reply = emptyReply();
    if (place !== undefined && collections.length > 0) {
      const txn = `${DATABASE_DROP}${randomUUID()}`;
      for (const { name } of collections) {
        context.operation.check();
        await services.engine.dropCollection(place.project, place.branch, name, context.origin, {
          txn
        });
      }
      context.commitTime = services.engine.lastCommitTime();
    }
    return addWriteConcernError(reply, args);
  }
};
