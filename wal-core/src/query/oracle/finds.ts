import { field, values, type RawValue, T, extendedJsonText } from '../../bson';
import { isArgonError } from '../../errors';
import { compileFilter } from '../filter';
import { compileProjection } from '../projection';
import { compileSort } from '../sort';
import { array, int32, object, string } from '../values';
import { arrayOf } from '../../bson';
import { errorOf, type RawClient } from './client';
import {
  arr,
  document,
  doc,
  json,
  likely,
  NAMES,
  number,
  obj,
  path,
  Random,
  smallInt,
  value
} from './random';

/** A difference between us and the oracle. */
export interface Mismatch {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
}

const DB = 'oracle';

/** Fills a collection with these documents. */
export async function load(client: RawClient, collection: string, docs: readonly Buffer[]): Promise<void> {
  await client.command(DB, { drop: string(collection) });
  for (let i = 0; i < docs.length; i += 1000) {
    const reply = await client.command(DB, {
      insert: string(collection),
      documents: array(arrayOf(docs.slice(i, i + 1000).map(object)))
    });
    const error = errorOf(reply);
    if (error) throw new Error(error.message);
  }
}

/** All documents of a reply's first batch. */
export function batch(reply: Buffer): Buffer[] {
  const cursor = field(reply, 'cursor')!;
  return values(field(cursor.bytes, 'firstBatch')!.bytes).map(v => v.bytes);
}

export function text(docs: readonly Buffer[]): string {
  return docs.map(d => extendedJsonText(object(d))).join('\n');
}

export function attempt<X>(run: () => X): X | { code: number; message: string } {
  try {
    return run();
  } catch (error) {
    if (isArgonError(error) && typeof error.data.mongoCode === 'number') {
      return { code: error.data.mongoCode, message: error.message };
    }
    throw error;
  }
}

export function isError(x: unknown): x is { code: number; message: string } {
  return typeof x === 'object' && x !== null && 'code' in x && 'message' in x;
}

/** Runs `find` on both sides; results must be the same bytes, or the same error code. */
export async function compareFind(
  client: RawClient,
  collection: string,
  docs: readonly Buffer[],
  command: { filter?: Buffer; sort?: Buffer; projection?: Buffer; collation?: Buffer }
): Promise<Mismatch | undefined> {
  const fields: Record<string, RawValue> = { find: string(collection) };
  if (command.filter) fields.filter = object(command.filter);
  fields.sort = object(command.sort ?? doc([['_id', int32(1)]]));
  if (command.projection) fields.projection = object(command.projection);
  if (command.collation) fields.collation = object(command.collation);
  fields.batchSize = int32(100000);
  const reply = await client.command(DB, fields);
  const theirs = errorOf(reply) ?? text(batch(reply));
  const ours = attempt(() => {
    const options = command.collation === undefined ? {} : { collation: command.collation };
    const filter = compileFilter(command.filter ?? doc([]), options);
    const projection = command.projection && compileProjection(command.projection, options);
    const sort = compileSort(command.sort ?? doc([['_id', int32(1)]]), options);
    const found: Buffer[] = [];
    const positions = new Map<Buffer, string | undefined>();
    for (const d of docs) {
      if (projection?.needsPosition) {
        const { matched, position } = filter.matchWithPosition(d);
        if (!matched) continue;
        positions.set(d, position);
      } else if (!filter.matches(d)) continue;
      found.push(d);
    }
    sort.sort(found);
    return text(projection ? found.map(d => projection.apply(d, positions.get(d))) : found);
  });
  return difference(() => describe(command), ours, theirs);
}

export function difference(
  what: () => string,
  ours: string | { code: number; message: string },
  theirs: string | { code: number; message: string }
): Mismatch | undefined {
  if (isError(ours) && isError(theirs) ? ours.code === theirs.code : ours === theirs) return undefined;
  const show = (x: string | { code: number; message: string }): string =>
    isError(x) ? `error ${x.code}: ${x.message}` : x;
  const [a, b] = [show(ours).split('\n'), show(theirs).split('\n')];
  const onlyOurs = a.filter(line => !b.includes(line));
  const onlyTheirs = b.filter(line => !a.includes(line));
  const same = onlyOurs.length === 0 && onlyTheirs.length === 0;
  return {
    what: what(),
    ours: (same ? a : onlyOurs).slice(0, 4).join('\n'),
    theirs: (same ? b : onlyTheirs).slice(0, 4).join('\n')
  };
}

function describe(command: Readonly<Record<string, Buffer>>): string {
  return Object.entries(command)
    .map(([name, part]) => `${name} ${extendedJsonText(object(part))}`)
    .join(' ');
}

const TYPE_ALIASES = [
  'double',
  'string',
  'object',
  'array',
  'int',
  'long',
  'decimal',
  'number',
  'null',
  'bool',
  'date',
  'objectId',
  'regex',
  'binData',
  'minKey'
];

function distinct(parts: readonly (readonly [string, RawValue])[]): RawValue {
  const names = new Set<string>();
  return obj(...parts.filter(([name]) => !names.has(name) && names.add(name)));
}

/** One operator with its argument. */
export function operator(r: Random, docs: readonly Buffer[], depth = 1): readonly [string, RawValue] {
  switch (r.int(18)) {
    case 0:
      return ['$eq', likely(r, docs)];
    case 1:
      return ['$ne', likely(r, docs)];
    case 2:
    case 3:
      return [r.pick(['$gt', '$gte', '$lt', '$lte']), likely(r, docs)];
    case 4:
      return [r.pick(['$gt', '$gte', '$lt', '$lte']), number(r)];
    case 5:
      return [r.pick(['$in', '$nin']), arr(...r.times(0, 12, () => likely(r, docs)))];
    case 6:
      return ['$exists', r.pick([json(true), json(false), int32(0), int32(1)])];
    case 7:
      return [
        '$type',
        r.chance(0.5) ? json(r.pick(TYPE_ALIASES)) : json(r.times(1, 3, () => r.pick(TYPE_ALIASES)))
      ];
    case 8:
      return ['$size', int32(r.int(4))];
    case 9:
      return ['$mod', arr(r.pick([int32(2), int32(3), number(r)]), smallInt(r))];
    case 10:
      return ['$all', arr(...r.times(depth > 0 ? 0 : 1, 3, () => likely(r, docs)))];
    case 11:
      return ['$regex', json(r.pick(['a', '^a', 'b$', '^$', 'A', '.', '[ab]', 'a|b', '^ab']))];
    case 12:
      return [
        r.pick(['$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear']),
        r.chance(0.5) ? int32(r.int(6)) : arr(smallInt(r), smallInt(r))
      ];
    case 13:
      return depth > 0 ? ['$not', obj(operator(r, docs, 0))] : ['$eq', smallInt(r)];
    case 14:
    case 15:
      return depth > 0
        ? ['$elemMatch', distinct(r.times(1, 2, () => operator(r, docs, depth - 1)))]
        : ['$lt', smallInt(r)];
    case 16:
      return depth > 0 ? ['$elemMatch', object(filter(r, docs, 0))] : ['$gte', smallInt(r)];
    default:
      return ['$eq', smallInt(r)];
  }
}

/** A random filter. */
export function filter(r: Random, docs: readonly Buffer[], depth = 2): Buffer {
  const parts: (readonly [string, RawValue])[] = [];
  const count = 1 + (r.chance(0.3) ? 1 : 0);
  for (let i = 0; i < count; i++) {
    const n = r.next();
    if (depth > 0 && n < 0.15) {
      parts.push([
        r.pick(['$and', '$or', '$nor']),
        arr(...r.times(1, 3, () => object(filter(r, docs, depth - 1))))
      ]);
    } else if (n < 0.4) {
      parts.push([path(r), likely(r, docs)]);
    } else {
      parts.push([path(r), distinct(r.times(1, 2, () => operator(r, docs)))]);
    }
  }
  const names = new Set<string>();
  return doc(parts.filter(([name]) => !names.has(name) && names.add(name)));
}

/** Collations whose rules have not changed between mongod's version of them and ours. */
const COLLATIONS = [
  { locale: 'en', strength: 1 },
  { locale: 'en', strength: 2 },
  { locale: 'en' },
  { locale: 'en', strength: 1, caseLevel: true },
  { locale: 'en', strength: 2, caseLevel: true },
  { locale: 'en', strength: 5 },
  { locale: 'en', caseFirst: 'upper' },
  { locale: 'en', numericOrdering: true },
  { locale: 'en', alternate: 'shifted' },
  { locale: 'fr_CA', strength: 2 },
  { locale: 'de@collation=phonebook', strength: 1 },
  { locale: 'sv', strength: 2 },
  { locale: 'hu', strength: 2 },
  { locale: 'tr', strength: 1 }
];

export function collation(r: Random): Buffer {
  const { strength, ...rest } = r.pick(COLLATIONS) as { strength?: number };
  const fields = Object.entries(rest).map(([name, part]) => [name, json(part)] as const);
  return doc(strength === undefined ? fields : [...fields, ['strength', int32(strength)]]);
}

const WORDS = [
  'a',
  'A',
  'b',
  'ab',
  'aB',
  'á',
  'Á',
  'ä',
  'ae',
  'å',
  'aa',
  'e',
  'é',
  'È',
  'ê',
  'i',
  'I',
  'ı',
  'İ',
  'o',
  'ö',
  'Ö'
].concat([
  'ss',
  'ß',
  'ccs',
  'cscs',
  'a b',
  'a-b',
  'a.b',
  '1',
  '2',
  '10',
  '007',
  '7',
  'z',
  'Z',
  'cote',
  'côte',
  'coté',
  'côté',
  '',
  ' ',
  'a1b',
  'a01b'
]);

/** Documents full of words that languages order in their own ways. */
export function wordDocument(r: Random, id: number): Buffer {
  const word = (): RawValue => (r.chance(0.85) ? string(r.pick(WORDS)) : value(r, 1));
  return doc([
    ['_id', int32(id)],
    ['a', word()],
    ['b', r.chance(0.3) ? arr(...r.times(0, 3, word)) : word()],
    ['c', obj(['d', word()])]
  ]);
}

export function sortSpec(r: Random): Buffer {
  const paths = [...new Set(r.times(1, 3, () => path(r)))];
  return doc([...paths.map(p => [p, int32(r.chance(0.5) ? 1 : -1)] as const), ['_id', int32(1)]]);
}

export function projection(r: Random, docs: readonly Buffer[]): Buffer {
  const mode = r.int(3);
  const paths = [...new Set(r.times(1, 4, () => path(r)))];
  const parts: (readonly [string, RawValue])[] = paths.map(p => {
    const n = r.next();
    if (n < 0.1)
      return [
        p,
        obj(['$slice', r.chance(0.5) ? int32(r.int(5) - 2) : arr(int32(r.int(5) - 2), int32(1 + r.int(2)))])
      ];
    if (n < 0.17)
      return [
        r.pick(NAMES),
        obj(['$elemMatch', r.chance(0.5) ? object(filter(r, docs, 0)) : obj(operator(r, docs, 0))])
      ];
    if (mode === 2 && n < 0.4)
      return [p, r.pick([json('$a'), json('$b.c'), json('$c'), obj(['$literal', value(r, 1)]), json('x')])];
    if (n < 0.5) return [p, obj([r.pick(NAMES), int32(mode === 1 ? 0 : 1)])];
    return [p, r.chance(0.05) ? json(false) : int32(mode === 1 ? 0 : 1)];
  });
  if (r.chance(0.2)) parts.push(['_id', int32(r.int(2))]);
  const names = new Set<string>();
  return doc(parts.filter(([name]) => !names.has(name) && names.add(name)));
}

/** A projection with the positional operator, and a filter it can use. */
export function positional(r: Random, docs: readonly Buffer[]): { filter: Buffer; projection: Buffer } {
  const p = r.pick(NAMES);
  const deep = r.chance(0.3) ? `${p}.${r.pick(NAMES)}` : p;
  return {
    filter: doc([[deep, r.chance(0.5) ? likely(r, docs) : obj(operator(r, docs))]]),
    projection: doc([[`${r.chance(0.7) ? p : deep}.$`, int32(1)]])
  };
}

export { document, T };
