import { T, arrayOf, extendedJsonText, field, values, type RawValue } from '@argon/wal-core';
import { errorOf, type RawClient } from '../../wal-core/src/query/oracle/client';
import { batch, document, filter, projection, sortSpec } from '../../wal-core/src/query/oracle/finds';
import {
  arr,
  doc,
  json,
  likely,
  NAMES,
  obj,
  path,
  scalar,
  type Random
} from '../../wal-core/src/query/oracle/random';

/** Raw commands and their answers as text, for two servers side by side. */

const int32 = (n: number): RawValue => json({ $numberInt: String(n) });
const string = (text: string): RawValue => json(text);
const object = (bytes: Buffer): RawValue => ({ type: T.OBJECT, bytes });
const array = (items: readonly RawValue[]): RawValue => ({ type: T.ARRAY, bytes: arrayOf(items) });

/** A command by its fields; the first names it. */
export type Command = Readonly<Record<string, RawValue>>;

/** What a server said to a command: documents, values or a count as extended JSON, or the code of its error. */
export async function answer(
  client: RawClient,
  database: string,
  command: Command,
  ordered = true
): Promise<string> {
  const reply = await client.command(database, command);
  const error = errorOf(reply);
  if (error !== undefined) {
    return `error ${error.code}`;
  }
  const list = field(reply, 'values');
  if (list !== undefined) {
    // Which of equal values stands for all is nobody's promise; how many there are is.
    return `${values(list.bytes).length} values`;
  }
  const n = field(reply, 'n');
  if (n !== undefined) {
    return extendedJsonText(n);
  }
  if (field(reply, 'cursor') === undefined) {
    return 'done';
  }
  const lines = batch(reply).map(found => extendedJsonText(object(found)));
  return (ordered ? lines : lines.sort()).join('\n');
}

/** A command as text, for the report of a difference. */
export function commandText(command: Command): string {
  return Object.entries(command)
    .map(([name, value]) => `${name}: ${extendedJsonText(value)}`)
    .join(', ');
}

const COLLATIONS = [
  { locale: 'en', strength: { $numberInt: '1' } },
  { locale: 'en', strength: { $numberInt: '2' } },
  { locale: 'en' },
  { locale: 'en', numericOrdering: true, strength: { $numberInt: '2' } },
  { locale: 'en', caseLevel: true, strength: { $numberInt: '1' } },
  { locale: 'en', caseFirst: 'upper' },
  { locale: 'fr_CA' },
  { locale: 'sv', strength: { $numberInt: '1' } },
  { locale: 'en', alternate: 'shifted' },
  { locale: 'simple' }
] as const;

export const collation = (r: Random): RawValue => json(r.pick(COLLATIONS));

/** Options of a collection: none, mostly, or a default collation. */
export function collectionOptions(r: Random): Command {
  return r.chance(0.2) ? { collation: json(COLLATIONS[r.int(4)]) } : {};
}

const plainPath = (r: Random): string =>
  r.chance(0.7) ? r.pick(NAMES) : `${r.pick(NAMES)}.${r.pick(NAMES)}`;

/** A specification of an index of any kind there is. */
export function indexSpec(r: Random, at: number): RawValue {
  const paths = [...new Set(r.times(1, 3, () => plainPath(r)))];
  const hashed = r.chance(0.1);
  const parts = paths.map(
    (p, i) => [p, hashed && i === 0 ? string('hashed') : int32(r.chance(0.6) ? 1 : -1)] as const
  );
  const options: (readonly [string, RawValue])[] = [];
  const n = r.next();
  if (n < 0.15) options.push(['sparse', json(true)]);
  else if (n < 0.3)
    options.push([
      'partialFilterExpression',
      obj([r.pick(NAMES), r.pick([obj(['$exists', json(true)]), obj(['$gt', scalar(r)]), scalar(r)])])
    ]);
  if (r.chance(0.3)) options.push(['collation', collation(r)]);
  if (r.chance(0.05)) options.push(['hidden', json(true)]);
  return obj(['key', obj(...parts)], ['name', string(`i${at}`)], ...options);
}

/** Documents of one state. */
export function documents(r: Random, count: number): Buffer[] {
  return Array.from({ length: count }, (_, id) => document(r, id));
}

/** A query, and whether its answer has an order. */
export interface Query {
  readonly command: Command;
  readonly ordered: boolean;
}

/** A query of any of the commands that read, on a collection. */
export function query(r: Random, collection: string, docs: readonly Buffer[]): Query {
  const by: Command = r.chance(0.4) ? { collation: collation(r) } : {};
  const name = string(collection);
  const condition = (): RawValue => object(r.chance(0.3) ? simpleFilter(r, docs) : filter(r, docs));
  switch (r.int(8)) {
    case 0:
      return { command: { count: name, query: condition(), ...by }, ordered: true };
    case 1:
      return {
        command: { distinct: name, key: string(plainPath(r)), query: condition(), ...by },
        ordered: true
      };
    case 2:
    case 3:
      return {
        command: { aggregate: name, ...pipeline(r, condition()), cursor: obj(), ...by },
        ordered: false
      };
    default: {
      const sort = r.chance(0.6) ? sortSpec(r) : doc([['_id', int32(r.chance(0.5) ? 1 : -1)]]);
      return {
        command: {
          find: name,
          filter: condition(),
          sort: object(sort),
          ...(r.chance(0.2) ? { projection: object(projection(r, docs)) } : {}),
          ...(r.chance(0.3) ? { limit: int32(1 + r.int(10)) } : {}),
          ...(r.chance(0.2) ? { skip: int32(r.int(10)) } : {}),
          batchSize: int32(10_000),
          ...by
        },
        ordered: true
      };
    }
  }
}

/** Conditions that indexes answer: equalities, lists and ranges. */
function simpleFilter(r: Random, docs: readonly Buffer[]): Buffer {
  const paths = [...new Set(r.times(1, 2, () => plainPath(r)))];
  return doc(
    paths.map(p => {
      const n = r.next();
      if (n < 0.4) return [p, likely(r, docs)] as const;
      if (n < 0.6) return [p, obj(['$in', arr(...r.times(1, 4, () => likely(r, docs)))])] as const;
      return [
        p,
        obj([r.pick(['$gt', '$gte']), likely(r, docs)], [r.pick(['$lt', '$lte']), likely(r, docs)])
      ] as const;
    })
  );
}

function pipeline(r: Random, condition: RawValue): Command {
  const first = obj(['$match', condition]);
  const key = string(`$${plainPath(r)}`);
  const rest = r.pick([
    // Of equal strings any may stand for the group: only how many there are is the same everywhere.
    () => [
      obj(['$group', obj(['_id', key], ['n', obj(['$sum', int32(1)])])]),
      obj(['$project', json({ _id: { $numberInt: '0' } })])
    ],
    () => [obj(['$sort', object(sortSpec(r))]), obj(['$limit', int32(1 + r.int(8))])],
    () => [obj(['$project', obj(['x', obj([r.pick(['$eq', '$lt', '$cmp']), arr(key, scalar(r))])])])],
    () => [
      obj([
        '$lookup',
        obj(
          ['from', string('other')],
          ['localField', string(plainPath(r))],
          ['foreignField', string(r.pick(NAMES))],
          ['as', string('found')]
        )
      ]),
      obj(['$project', obj(['n', obj(['$size', string('$found')])])])
    ],
    () => [obj(['$count', string('n')])]
  ])();
  return { pipeline: array([first, ...rest]) };
}

/** Changes of a state: documents replaced, removed and added. */
export function changes(r: Random, count: number): { readonly removed: number[]; readonly put: Buffer[] } {
  const removed = r.times(3, 10, () => r.int(count));
  const put = r.times(5, 15, () => document(r, r.int(count + 20)));
  return { removed, put };
}

export { array, int32, object, path, string };
