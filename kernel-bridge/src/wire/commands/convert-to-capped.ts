import { withCap, trim } from '../capped/keeper';
import { refuseView } from '../collection-kind';
import { capOptions } from '../collection-options';
import { noteCommit } from '../context';
import { MongoError } from '../errors';
import { writePlace } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { commitChange } from '../writing/commit';
import { collectionNameOf } from './collection-name';
import { addWriteConcernError } from './write-reply';

/** Makes a collection capped. Its oldest documents go if it is too large; its indexes go, as in mongod. */
export const convertToCapped: Command = {
  name: 'convertToCapped',
  fields: ['size'],
  writes: true,
  run: async context => {
    const { args, database, services } = context;
    const collection = collectionNameOf(context);
    const size = args.integer('size', { min: 1 }) ?? args.missing('size');
    const place = writePlace(context);
    const info =
      place === undefined
        ? undefined
        : services.engine.resolve(place.project, place.branch).collection(collection);
    if (place === undefined || info === undefined) {
      throw new MongoError('NamespaceNotFound', `source collection ${database}.${collection} does not exist`);
    }
    refuseView(database, collection, info);
    const { commit } = await commitChange(context, place, writer => {
      const current = writer.collection(collection);
      for (const index of current?.indexes ?? []) {
        writer.dropIndex(current!, index.name);
      }
      const bare = writer.collection(collection);
      if (bare !== undefined) {
        writer.setOptions(bare, capOptions(bare.options, size));
      }
    });
    noteCommit(context, commit);
    await withCap(context, place, collection, keeper => trim(context, place, collection, keeper));
    return addWriteConcernError(emptyReply(), args);
  }
};
