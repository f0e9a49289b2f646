import { viewOf } from '../collection-kind';
import { MongoError } from '../errors';
import { readPlace } from '../place';
import type { Command } from '../registry';
import { emptyReply } from '../reply';
import { sizeOf } from '../sizes';
import { namespaceOf } from './collection-name';

/** Bytes and number of the documents of a collection: counted one by one, or estimated when that is asked for. */
export const dataSize: Command = {
  name: 'dataSize',
  aliases: ['datasize'],
  fields: ['keyPattern', 'min', 'max', 'estimate', 'maxSize', 'maxObjects'],
  run: async context => {
    const { args, database, operation } = context;
    const namespace = namespaceOf(args, args.names()[0]!);
    if (!namespace.startsWith(`${database}.`)) {
      throw new MongoError('InvalidNamespace', `Invalid namespace specified '${namespace}'`);
    }
    if (args.has('min') || args.has('max')) {
      throw new MongoError('NotImplemented', 'dataSize with min and max is not available in Argon');
    }
    const begun = Date.now();
    const snapshot = readPlace(context)?.snapshot;
    const info = snapshot?.collection(namespace.slice(database.length + 1));
    if (viewOf(info) !== undefined) {
      throw new MongoError('CommandNotSupportedOnView', `Namespace ${namespace} is a view, not a collection`);
    }
    const estimate = args.flag('estimate', false);
    let [count, bytes] = [0, 0];
    if (snapshot !== undefined && info !== undefined && estimate) {
      ({ count, bytes } = await sizeOf(snapshot, info));
    } else if (snapshot !== undefined && info !== undefined) {
      for await (const { images } of snapshot.scan(info, { signal: operation.signal })) {
        operation.check();
        count += images.length;
        bytes += images.reduce((sum, image) => sum + image.length, 0);
      }
    }
    return emptyReply()
      .bool('estimate', estimate)
      .integer('size', bytes)
      .integer('numObjects', count)
      .integer('millis', Date.now() - begun);
  }
};
