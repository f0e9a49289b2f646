import { T, arrayOf, encodeKey, field, values, type RawValue } from '@argon/wal-core';
import { filterOf, queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { DISTINCT_BYTES_MAX } from '../limits';
import { snapshotTime } from '../open-cursor';
import { noteRead, readPlace, type ReadPlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun } from '../query';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { collectionNameOf } from './collection-name';

/** A distinct, planned. */
export function openDistinct(context: CommandContext): {
  run: QueryRun;
  place: ReadPlace;
  collection: string;
  path: string;
} {
  const { args } = context;
  const collection = collectionNameOf(context);
  const path = args.string('key');
  if (path === '') {
    throw new MongoError(40352, 'FieldPath cannot be constructed with empty string');
  }
  const filter = filterOf(args.optionalDocument('query'), queryOptions(args));
  const place = readPlace(context);
  const info = place?.snapshot.collection(collection);
  const plan = choosePlan(context.services.engine, info, filter, undefined, args.get('hint'));
  const query = { filter, sort: undefined, projection: undefined, skip: 0, limit: Infinity };
  const run = new QueryRun(
    place?.snapshot as NonNullable<ReadPlace>['snapshot'],
    info,
    plan,
    query,
    context.operation
  );
  return { run, place, collection, path };
}

export const distinct: Command = {
  name: 'distinct',
  fields: ['key', 'query', 'collation', 'hint'],
  snapshots: true,
  run: async context => {
    const { run, place, collection, path } = openDistinct(context);
    const steps = path.split('.');
    // Values that compare equal (1 and 1.0) have one key; the first seen is kept. The answer is in order, as mongod's.
    const found = new Map<string, RawValue>();
    let bytes = 0;
    let documents = 0;
    for await (const batch of run.documents()) {
      documents += batch.length;
      for (const document of batch) {
        for (const value of valuesAlong(document, steps, 0)) {
          const key = encodeKey([value]).toString('latin1');
          if (found.has(key)) {
            continue;
          }
          bytes += value.bytes.length + 8;
          if (bytes > DISTINCT_BYTES_MAX) {
            throw new MongoError(17217, `distinct too big, ${DISTINCT_BYTES_MAX} byte cap`);
          }
          found.set(key, { type: value.type, bytes: Buffer.from(value.bytes) });
        }
      }
    }
    const ordered = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
    if (place !== undefined) {
      noteRead(context, place, collection, documents);
    }
    const reply = emptyReply().raw('values', { type: T.ARRAY, bytes: arrayOf(ordered) });
    const { atClusterTime } = snapshotTime(context, place);
    return atClusterTime === undefined ? reply : reply.timestamp('atClusterTime', atClusterTime);
  }
};

/** The values at a path: arrays on the way are entered, one at the end gives its elements (mongod's rules). */
export function valuesAlong(document: Buffer, steps: readonly string[], at: number): RawValue[] {
  const value = field(document, steps[at]!);
  if (value === undefined) {
    return [];
  }
  if (at === steps.length - 1) {
    return value.type === T.ARRAY ? values(value.bytes) : [value];
  }
  if (value.type === T.OBJECT) {
    return valuesAlong(value.bytes, steps, at + 1);
  }
  if (value.type !== T.ARRAY) {
    return [];
  }
  if (/^\d+$/.test(steps[at + 1]!)) {
    return valuesAlong(value.bytes, steps, at + 1);
  }
  return values(value.bytes).flatMap(item =>
    item.type === T.OBJECT || item.type === T.ARRAY ? valuesAlong(item.bytes, steps, at + 1) : []
  );
}
