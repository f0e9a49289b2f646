import { arrayOf, documentOf, extendedJsonText, field, T, type RawValue } from '../../bson';
import { compileFilter } from '../filter';
import { compileUpdate } from '../update';
import { array, int32, object, string, TRUE } from '../values';
import { errorOf, type RawClient } from './client';
import { attempt, difference, filter, isError, operator, type Mismatch } from './finds';
import { arr, doc, json, likely, NAMES, number, obj, path, Random, smallInt, value } from './random';

const DB = 'oracle';

export interface UpdateCase {
  readonly query: Buffer;
  readonly update: RawValue;
  readonly arrayFilters?: readonly Buffer[];
  readonly upsert?: boolean;
}

/** Runs `findAndModify` on both sides; the documents after it must be the same bytes. Returns theirs to go on with. */
export async function compareUpdate(
  client: RawClient,
  collection: string,
  before: Buffer | undefined,
  test: UpdateCase
): Promise<{ mismatch: Mismatch | undefined; after: Buffer | undefined }> {
  const fields: Record<string, RawValue> = {
    findAndModify: string(collection),
    query: object(test.query),
    update: test.update,
    new: TRUE
  };
  if (test.upsert) fields.upsert = TRUE;
  if (test.arrayFilters) fields.arrayFilters = array(arrayOf(test.arrayFilters.map(object)));
  const reply = await client.command(DB, fields);
  const error = errorOf(reply);
  const changed = field(reply, 'value');
  const after = changed?.type === T.OBJECT ? changed.bytes : undefined;
  const theirs = error ?? (after ? extendedJsonText(object(after)) : 'nothing');
  const ours = attempt(() => {
    const compiled = compileFilter(test.query);
    const update = compileUpdate(test.update, test.arrayFilters ? { arrayFilters: test.arrayFilters } : {});
    if (before !== undefined) {
      const { matched, position } = compiled.matchWithPosition(before);
      if (matched) {
        return extendedJsonText(object(update.apply(before, position === undefined ? {} : { position })));
      }
    }
    if (!test.upsert) return 'nothing';
    const made = update.upsert(compiled);
    const id = after && field(after, '_id');
    const complete =
      field(made, '_id') === undefined && id ? documentOf([{ ...id, name: '_id' }, ...partsOf(made)]) : made;
    return extendedJsonText(object(complete));
  });
  const what = (): string =>
    [
      `doc    ${before ? extendedJsonText(object(before)) : 'none'}`,
      `query  ${extendedJsonText(object(test.query))}`,
      `update ${extendedJsonText(test.update)}`,
      ...(test.arrayFilters ?? []).map(f => `filter ${extendedJsonText(object(f))}`)
    ].join('\n');
  return { mismatch: difference(what, ours, theirs), after: error ? undefined : after };
}

import { elements } from '../../bson';

function partsOf(d: Buffer): { name: string; type: number; bytes: Buffer }[] {
  return elements(d).map(({ name, type, bytes }) => ({ name, type, bytes }));
}

function arrayPath(r: Random): string {
  const n = r.next();
  if (n < 0.3) return `${r.pick(NAMES)}.$[]${r.chance(0.5) ? `.${r.pick(NAMES)}` : ''}`;
  if (n < 0.6) return `${r.pick(NAMES)}.$[x]${r.chance(0.5) ? `.${r.pick(NAMES)}` : ''}`;
  if (n < 0.9) return `${r.pick(NAMES)}.$${r.chance(0.5) ? `.${r.pick(NAMES)}` : ''}`;
  return `${r.pick(NAMES)}.${r.pick(NAMES)}.$[]`;
}

function modifier(
  r: Random,
  docs: readonly Buffer[],
  p: string
): readonly [string, readonly [string, RawValue]] {
  switch (r.int(15)) {
    case 0:
    case 1:
      return ['$set', [p, likely(r, docs)]];
    case 2:
      return ['$unset', [p, json('')]];
    case 3:
      return ['$inc', [p, number(r)]];
    case 4:
      return ['$mul', [p, number(r)]];
    case 5:
      return [r.pick(['$min', '$max']), [p, likely(r, docs)]];
    case 6:
      return ['$rename', [p, string(path(r))]];
    case 7:
      return ['$push', [p, likely(r, docs)]];
    case 8: {
      const clauses: (readonly [string, RawValue])[] = [['$each', arr(...r.times(0, 3, () => value(r, 1)))]];
      if (r.chance(0.4)) clauses.push(['$position', int32(r.int(7) - 3)]);
      if (r.chance(0.4)) clauses.push(['$slice', int32(r.int(7) - 3)]);
      if (r.chance(0.4))
        clauses.push([
          '$sort',
          r.chance(0.5) ? int32(r.chance(0.5) ? 1 : -1) : obj([r.pick(NAMES), int32(1)], ['b.c', int32(-1)])
        ]);
      return ['$push', [p, obj(...clauses)]];
    }
    case 9:
      return [
        '$addToSet',
        [p, r.chance(0.6) ? likely(r, docs) : obj(['$each', arr(...r.times(0, 4, () => likely(r, docs)))])]
      ];
    case 10:
      return ['$pop', [p, int32(r.chance(0.5) ? 1 : -1)]];
    case 11:
      return [
        '$pull',
        [
          p,
          r.chance(0.4)
            ? likely(r, docs)
            : r.chance(0.5)
              ? obj(operator(r, docs, 0))
              : object(filter(r, docs, 0))
        ]
      ];
    case 12:
      return ['$pullAll', [p, arr(...r.times(0, 4, () => likely(r, docs)))]];
    case 13:
      return ['$bit', [p, obj([r.pick(['and', 'or', 'xor']), r.chance(0.7) ? smallInt(r) : number(r)])]];
    default:
      return ['$setOnInsert', [p, likely(r, docs)]];
  }
}

/** A random update with operators. */
export function operators(r: Random, docs: readonly Buffer[]): Buffer {
  const groups = new Map<string, (readonly [string, RawValue])[]>();
  for (let i = 1 + (r.chance(0.4) ? 1 + r.int(2) : 0); i > 0; i--) {
    const p = r.chance(0.25) ? arrayPath(r) : r.chance(0.03) ? '_id' : path(r);
    const [op, entry] = modifier(r, docs, p);
    const group = groups.get(op) ?? [];
    groups.set(op, group);
    if (!group.some(([name]) => name === entry[0])) group.push(entry);
  }
  return doc([...groups].map(([op, entries]) => [op, obj(...entries)] as const));
}

/** A random case on the document with this `_id`. */
export function updateCase(r: Random, docs: readonly Buffer[], id: number): UpdateCase {
  const parts: (readonly [string, RawValue])[] = [['_id', int32(id)]];
  if (r.chance(0.35)) {
    const p = r.pick(NAMES);
    parts.push(r.chance(0.5) ? [p, obj(operator(r, docs))] : [p, likely(r, docs)]);
  }
  const update = r.chance(0.05)
    ? object(
        doc([
          [r.pick(NAMES), value(r, 2)],
          [`x${r.int(3)}`, value(r, 1)]
        ])
      )
    : object(operators(r, docs));
  const text = extendedJsonText(update);
  const filters =
    text.includes('$[x]') || r.chance(0.02)
      ? [
          r.chance(0.5)
            ? doc([['x', obj(operator(r, docs, 0))]])
            : doc([[`x.${r.pick(NAMES)}`, likely(r, docs)]])
        ]
      : undefined;
  return { query: doc(parts), update, ...(filters && { arrayFilters: filters }) };
}

/** A random upsert whose filter matches nothing. */
export function upsertCase(r: Random, docs: readonly Buffer[], id: number): UpdateCase {
  const parts: (readonly [string, RawValue])[] = r.chance(0.7)
    ? [['_id', int32(id)]]
    : [['nothing', int32(id)]];
  for (let i = r.int(3); i > 0; i--) {
    const p = path(r);
    if (!parts.some(([name]) => name === p)) {
      parts.push([p, r.chance(0.6) ? value(r, 1) : obj(operator(r, docs, 0))]);
    }
  }
  if (r.chance(0.2))
    parts.push(['$and', arr(obj([path(r), value(r, 1)]), obj([path(r), obj(['$gt', smallInt(r)])]))]);
  const update = r.chance(0.15) ? object(doc([[r.pick(NAMES), value(r, 2)]])) : object(operators(r, docs));
  return { query: doc(parts), update, upsert: true };
}

export { isError };
