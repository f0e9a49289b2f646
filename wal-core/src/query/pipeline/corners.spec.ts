import { Decimal128, deserialize, Long, serialize } from 'bson';
import { compileUpdate } from '../update';
import { object } from '../values';
import { runPipeline } from './index';

/** Corners that were found by hand; the figures are those of a real mongod 6.0.5. */

const raw = (document: object): Buffer => Buffer.from(serialize(document));

async function aggregate(documents: readonly object[], ...stages: object[]): Promise<object[]> {
  const source = (async function* () {
    yield documents.map(raw);
  })();
  const out: object[] = [];
  for await (const doc of runPipeline(stages.map(raw), source, { collection: () => source })) {
    out.push(deserialize(doc, { promoteValues: true }));
  }
  return out;
}

const value = async (expression: unknown, document: object = {}): Promise<unknown> => {
  const [found] = await aggregate([document], { $project: { _id: 0, v: expression } });
  return (found as { v?: unknown }).v;
};

it('the first and last of a window are missing where they are missing, and null where there is none', async () => {
  const window = { documents: [1, 'unbounded'] };
  const stage = { $setWindowFields: { sortBy: { _id: 1 }, output: { r: { $first: '$q', window } } } };
  expect(await aggregate([{ _id: 1, q: 1 }, { _id: 2 }, { _id: 3, q: 3 }], stage)).toEqual([
    { _id: 1, q: 1 },
    { _id: 2, r: 3 },
    { _id: 3, q: 3, r: null }
  ]);
});

it('a value is carried forward also in the order in which documents come', async () => {
  const stage = { $fill: { output: { q: { method: 'locf' } } } };
  expect(await aggregate([{ _id: 1, q: 1 }, { _id: 2 }], stage)).toEqual([
    { _id: 1, q: 1 },
    { _id: 2, q: 1 }
  ]);
});

it.each([
  [{ $fill: { output: {} } }, 6050203],
  [{ $fill: { output: 5 } }, 14],
  [{ $fill: { output: { q: 1 } } }, 6050200],
  [{ $fill: { sortBy: { _id: 1 }, output: { q: { value: 1, method: 'locf' } } } }, 6050201],
  [{ $fill: { output: { q: { method: 5 } } } }, 14],
  [{ $fill: { sortBy: { s: 1 }, output: { q: { method: 'linear' } } } }, 14],
  [{ $densify: { field: '_id', range: { step: 0.5, bounds: [1, 2] } } }, 5876900],
  [{ $densify: { field: '_id', range: { step: 'a', bounds: 'full' } } }, 14],
  [{ $densify: { field: 't', range: { step: 1, bounds: 'full' } } }, 6053600],
  [{ $lookup: { from: 'c', localField: 'a', foreignField: 'a', as: '' } }, 9],
  [{ $project: { r: { $sortArray: { input: [1], sortBy: 0 } } } }, 2942506],
  [{ $project: { r: { $dateToString: { date: '$late', timezone: '+05:45' } } } }, 18537]
])('%j is refused with %d', async (stage, mongoCode) => {
  const document = { _id: 1, s: 'x', t: new Date(0), late: new Date(253402300799999) };
  await expect(aggregate([document], stage)).rejects.toMatchObject({ data: { mongoCode } });
});

it('an empty match is found at each character, but not behind the last one', async () => {
  const at = async (input: string, regex: string): Promise<number[]> =>
    ((await value({ $regexFindAll: { input, regex: { $literal: regex } } })) as { idx: number }[]).map(
      ({ idx }) => idx
    );
  expect(await at('aé', '')).toEqual([0, 1]);
  expect(await at('', 'a*')).toEqual([0]);
  expect(await at('ab', '$')).toEqual([2]);
  expect(await at('ab', 'b*')).toEqual([0, 1]);
});

it.each([
  ['a', '2780795045148116090'],
  [1.5, '5902408780260971510'],
  [Decimal128.fromString('2.5'), '848411777775835583'],
  [Long.MAX_VALUE, '921523596458303250'],
  [NaN, '4854801880128277513'],
  [true, '6405873908747105701'],
  [null, '2338878944348059895'],
  [new Date(5), '2834597487171300937'],
  [{}, '7980500913326740417'],
  [{ a: 1, b: 'x' }, '-9120163015462966597'],
  [[1, [2]], '-116845783989642412']
])('the hashed key of %p', async (v, expected) => {
  expect(await value({ $toString: { $toHashedIndexKey: '$v' } }, { v })).toBe(expected);
});

it('constants come last among the operands of sets that may change places', async () => {
  expect(await value({ $setUnion: [{ $literal: 1 }, '$none'] })).toBeNull();
  expect(await value({ $setIntersection: [{ $literal: 'x' }, '$none'] })).toBeNull();
  await expect(value({ $setEquals: ['$none', { $literal: 1 }] })).rejects.toMatchObject({
    data: { mongoCode: 5887502 }
  });
});

it('an update takes the number of an element with zeros before it', () => {
  const update = compileUpdate(object(raw({ $set: { 'a.01': 9, 'a.002': 8 } })));
  expect(deserialize(update.apply(raw({ _id: 1, a: [1, 2, 3] })))).toEqual({ _id: 1, a: [1, 9, 8] });
});
