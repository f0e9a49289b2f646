import { arrayOf, extendedJsonText, field, values, type RawValue } from '../../bson';
import { isArgonError } from '../../errors';
import { compilePipeline } from '../pipeline';
import { array, int32, object, string } from '../values';
import { errorOf, type RawClient } from './client';
import { expression } from './expressions';
import { batch, difference, filter, isError, sortSpec, type Mismatch } from './finds';
import { arr, doc, json, NAMES, obj, path, Random, smallInt, value } from './random';

export type Collections = Readonly<Record<string, readonly Buffer[]>>;

/** Runs a pipeline on both sides; compares lines of results, in order only when `ordered`. */
export async function comparePipeline(
  client: RawClient,
  collection: string,
  collections: Collections,
  stages: readonly RawValue[],
  ordered: boolean
): Promise<Mismatch | undefined> {
  const reply = await client.command('oracle', {
    aggregate: string(collection),
    pipeline: array(arrayOf(stages)),
    cursor: obj(['batchSize', int32(100000)])
  });
  const theirs = errorOf(reply) ?? lines(batch(reply), ordered);
  const ours = await run(collections, collection, stages, ordered);
  if (isError(ours) && isError(theirs) && ours.code === 2 && theirs.code === 171) return undefined; // parallel arrays
  return difference(() => stages.map(s => extendedJsonText(s)).join('\n  '), ours, theirs);
}

async function run(
  collections: Collections,
  collection: string,
  stages: readonly RawValue[],
  ordered: boolean
): Promise<string | { code: number; message: string }> {
  async function* read(name: string): AsyncIterable<readonly Buffer[]> {
    const docs = collections[name] ?? [];
    for (let i = 0; i < docs.length; i += 7) yield docs.slice(i, i + 7);
  }
  try {
    const pipeline = compilePipeline(stages.map(s => s.bytes));
    const out: Buffer[] = [];
    for await (const docs of pipeline.run(read(collection), { collection: read })) out.push(...docs);
    return lines(out, ordered);
  } catch (error) {
    if (isArgonError(error) && typeof error.data.mongoCode === 'number') {
      return { code: error.data.mongoCode, message: error.message };
    }
    throw error;
  }
}

function lines(docs: readonly Buffer[], ordered: boolean): string {
  const out = docs.map(d => extendedJsonText(object(d)));
  return (ordered ? out : out.sort()).join('\n');
}

const stage = (name: string, argument: RawValue): RawValue => obj([name, argument]);
const f = (r: Random): RawValue => string(`$${path(r)}`);

function accumulator(r: Random): RawValue {
  const sortBy = ['sortBy', obj(['_id', int32(r.chance(0.5) ? 1 : -1)])] as const;
  switch (r.int(16)) {
    case 0:
    case 1:
      return obj(['$sum', r.chance(0.5) ? int32(1) : f(r)]);
    case 2:
      return obj(['$avg', f(r)]);
    case 3:
      return obj(['$min', f(r)]);
    case 4:
      return obj(['$max', f(r)]);
    case 5:
      return obj(['$first', f(r)]);
    case 6:
      return obj(['$last', f(r)]);
    case 7:
      return obj(['$push', f(r)]);
    case 8:
      return obj(['$count', obj()]);
    case 9:
      return obj(['$stdDevPop', f(r)]);
    case 10:
      return obj(['$stdDevSamp', f(r)]);
    case 11:
      return obj([r.pick(['$firstN', '$lastN', '$minN']), obj(['n', int32(1 + r.int(3))], ['input', f(r)])]);
    case 12:
      return obj([r.pick(['$top', '$bottom']), obj(sortBy, ['output', f(r)])]);
    case 13:
      return obj([r.pick(['$topN', '$bottomN']), obj(['n', int32(1 + r.int(3))], sortBy, ['output', f(r)])]);
    case 14:
      return obj(['$mergeObjects', string(`$${r.pick(NAMES)}`)]);
    default:
      return obj(['$sum', expression(r, 0)]);
  }
}

/** A random stage that keeps one document for each and their order. */
function shaping(r: Random, removes: boolean): RawValue {
  switch (r.int(6)) {
    case 0:
      return stage(
        '$addFields',
        obj([
          r.pick(['x', `w${r.int(1000)}.c`, ...(removes ? [] : ['a', 'b.c'])]),
          r.chance(0.6) ? f(r) : expression(r, 1)
        ])
      );
    case 1:
      return stage(
        '$project',
        obj([r.pick(NAMES), int32(1)], ['y', r.chance(0.6) ? f(r) : expression(r, 1)])
      );
    case 2:
      return stage('$unset', r.chance(0.5) ? string(path(r)) : arr(string('a'), string('b.c')));
    case 3:
      return stage('$project', obj([path(r), int32(0)]));
    case 4:
      return stage('$set', obj([`n${r.int(1000)}`, obj(['m', f(r)], ['k', obj(['$literal', value(r, 1)])])]));
    default:
      return stage(
        '$replaceWith',
        obj([
          '$mergeObjects',
          arr(obj(['_id', string('$_id')]), r.pick([string('$$ROOT'), obj(['z', f(r)])]))
        ])
      );
  }
}

/** Whether a stage takes fields away: mongod may put a field that comes back where it was before. */
function removes(stages: readonly RawValue[]): boolean {
  return stages.some(s => /^\{"\$(?:unset|project)"/.test(extendedJsonText(s)));
}

/** A random pipeline and whether the order of its results is fixed. */
export function pipeline(r: Random, docs: readonly Buffer[]): { stages: RawValue[]; ordered: boolean } {
  const stages: RawValue[] = [];
  let ordered = true;
  stages.push(stage('$sort', object(r.chance(0.5) ? sortSpec(r) : doc([['_id', int32(1)]]))));
  if (r.chance(0.5)) stages.unshift(stage('$match', object(filter(r, docs, 1))));
  if (r.chance(0.3)) stages.push(stage('$skip', int32(r.int(5))));
  if (r.chance(0.3)) stages.push(stage('$limit', int32(1 + r.int(30))));
  for (let i = r.int(3); i > 0; i--) stages.push(shaping(r, removes(stages)));
  switch (r.int(13)) {
    case 0:
    case 1:
    case 2: {
      const fields = r
        .times(0, 3, () => r.pick(['p', 'q', 'r', 's']))
        .filter((n, i, all) => all.indexOf(n) === i);
      const id = r.pick([json(null), f(r), f(r), obj(['u', f(r)], ['v', f(r)]), obj(['$type', f(r)])]);
      stages.push(stage('$group', obj(['_id', id], ...fields.map(n => [n, accumulator(r)] as const))));
      ordered = false;
      break;
    }
    case 3: {
      const p = f(r);
      stages.push(
        stage(
          '$unwind',
          r.chance(0.5)
            ? p
            : obj(
                ['path', p],
                ['preserveNullAndEmptyArrays', json(r.chance(0.5))],
                ...(r.chance(0.5) ? [['includeArrayIndex', string(r.pick(['i', 'x.i']))] as const] : [])
              )
        )
      );
      break;
    }
    case 4:
      stages.push(stage('$count', string('n')));
      break;
    case 5:
      stages.push(stage('$sortByCount', f(r)));
      ordered = false;
      break;
    case 6:
      stages.push(
        stage(
          '$lookup',
          obj(
            ['from', string('other')],
            ['localField', string(path(r))],
            ['foreignField', string(path(r))],
            ['as', string(r.pick(['j', 'k.j']))]
          )
        )
      );
      break;
    case 7:
      stages.push(
        stage(
          '$lookup',
          obj(
            ['from', string('other')],
            ['let', obj(['v', f(r)])],
            [
              'pipeline',
              arr(
                stage('$match', obj(['$expr', obj([r.pick(['$eq', '$gt']), arr(string('$$v'), f(r))])])),
                stage('$sort', obj(['_id', int32(1)])),
                stage('$limit', int32(3)),
                stage('$project', obj(['_id', int32(1)], ['w', string('$$v')]))
              )
            ],
            ['as', string('j')]
          )
        )
      );
      break;
    case 8:
      stages.push(
        stage(
          '$facet',
          obj(
            ['one', arr(stage('$match', object(filter(r, docs, 0))), stage('$count', string('n')))],
            ['two', arr(stage('$project', obj(['a', int32(1)])), stage('$limit', int32(2)))]
          )
        )
      );
      break;
    case 9:
      stages.push(
        stage(
          '$bucket',
          obj(
            ['groupBy', f(r)],
            ['boundaries', arr(int32(0), int32(2), int32(5), int32(100))],
            ['default', string('other')],
            ...(r.chance(0.5) ? [['output', obj(['c', accumulator(r)])] as const] : [])
          )
        )
      );
      ordered = false;
      break;
    case 10:
      stages.push(
        stage(
          '$unionWith',
          r.chance(0.5)
            ? string('other')
            : obj(['coll', string('other')], ['pipeline', arr(stage('$match', object(filter(r, docs, 0))))])
        )
      );
      ordered = false;
      break;
    case 11:
      stages.push(
        stage(
          '$redact',
          obj([
            '$cond',
            arr(
              obj(['$eq', arr(string(`$${r.pick(NAMES)}`), smallInt(r))]),
              string('$$PRUNE'),
              string(r.pick(['$$DESCEND', '$$KEEP']))
            )
          ])
        )
      );
      break;
    default:
      stages.push(
        stage(
          '$graphLookup',
          obj(
            ['from', string('graph')],
            ['startWith', r.chance(0.5) ? f(r) : smallInt(r)],
            ['connectFromField', string(r.pick(['a', 'b', 'c.d']))],
            ['connectToField', string(r.pick(['a', 'b', 'c.d']))],
            ['as', string('g')],
            ['maxDepth', int32(r.int(3))],
            ['depthField', string('dep')]
          )
        ),
        stage(
          '$set',
          obj([
            'g',
            obj([
              '$sortArray',
              obj(
                [
                  'input',
                  obj([
                    '$map',
                    obj(
                      ['input', string('$g')],
                      ['in', obj(['i', string('$$this._id')], ['d', string('$$this.dep')])]
                    )
                  ])
                ],
                ['sortBy', obj(['i', int32(1)])]
              )
            ])
          ])
        )
      );
  }
  // mongod moves some stages ahead of a $lookup, which changes the order of fields.
  const last = stages[stages.length - 1]!.bytes.toString('latin1', 5, 12);
  if (last !== '$lookup' && r.chance(0.3)) stages.push(shaping(r, removes(stages)));
  return { stages, ordered };
}

export { field, values };

/** Whether values stand somewhere that mongod treats oddly: MinKey and MaxKey in groups, regular expressions as $graphLookup keys. */
export function hasOddities(d: Buffer): boolean {
  return /"\$(?:minKey|maxKey|regularExpression)"/.test(extendedJsonText(object(d)));
}

/** Documents for $graphLookup: small numbers, some in arrays, never arrays in arrays or empty ones. */
export function graphDocument(r: Random, id: number): Buffer {
  const link = (): RawValue => (r.chance(0.3) ? arr(...r.times(1, 3, () => smallInt(r))) : smallInt(r));
  return doc([
    ['_id', int32(id)],
    ...(r.chance(0.8) ? [['a', link()] as const] : []),
    ...(r.chance(0.8) ? [['b', link()] as const] : []),
    ['c', r.chance(0.5) ? obj(['d', link()]) : arr(obj(['d', smallInt(r)]), obj(['d', smallInt(r)]))]
  ]);
}
