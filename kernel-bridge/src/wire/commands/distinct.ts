import { T, arrayOf, field, orderOf, parseFieldPath, values, type RawValue } from '@argon/wal-core';
import { filterOf, queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { DISTINCT_BYTES_MAX } from '../limits';
import { snapshotTime } from '../open-cursor';
import { allOf, openRun, openTarget, type OpenedRun, type Target } from '../open-run';
import { noteRead } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { isView, viewDocuments } from '../view-read';
import { queriedNameOf } from './collection-name';

/** A distinct, planned. */
export function openDistinct(context: CommandContext, target = distinctTarget(context)): OpenedRun {
  const { args } = context;
  const filter = filterOf(args.optionalDocument('query'), queryOptions(args, undefined, target.info));
  return openRun(context, target, allOf(filter), args.get('hint'));
}

/** The collection or view a distinct names. */
export function distinctTarget(context: CommandContext): Target {
  return openTarget(context, queriedNameOf(context, 'InvalidNamespace'));
}

export const distinct: Command = {
  name: 'distinct',
  fields: ['key', 'query', 'collation', 'hint', 'help'],
  snapshots: true,
  transaction: 'runs',
  run: async context => {
    const { args } = context;
    const path = parseFieldPath(args.string('key'));
    const target = distinctTarget(context);
    const { place, collection } = target;
    const { compare, keyText } = orderOf(queryOptions(args, undefined, target.info).collation);
    const run = isView(target) ? undefined : openDistinct(context, target).run;
    const source =
      run?.documents() ?? viewDocuments(context, target, { filter: args.optionalDocument('query') });
    // Values that compare equal (1 and 1.0) have one key; the first seen is kept. The answer is in order, as mongod's.
    const found = new Map<string, RawValue>();
    let bytes = 0;
    let documents = 0;
    for await (const batch of source) {
      documents += batch.length;
      for (const document of batch) {
        for (const value of valuesAlong(document, path, 0)) {
          const key = keyText(value);
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
    const ordered = [...found.values()].sort(compare);
    if (place !== undefined && run !== undefined) {
      noteRead(context, place, collection, documents, run.query.filter);
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
