import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decimal128, deserialize, Long, serialize } from 'bson';
import fc from 'fast-check';
import type { PipelineContext } from './api';
import { runPipeline } from './pipeline';
import { compileSort } from './sort';
import { openSpill, SpilledDocuments } from './spill';

const raw = (document: object): Buffer => Buffer.from(serialize(document));

let directory: string;
let open: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'argon-spill-'));
  open = 0;
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A context with little memory, and a disk that is counted. */
const tight = (memoryBytesMax: number): PipelineContext => ({
  collection: () => source([]),
  memoryBytesMax,
  spill: () => {
    open++;
    const spill = openSpill(directory);
    return { ...spill, append: bytes => spill.append(bytes), close: () => (open--, spill.close()) };
  }
});

async function* source(docs: readonly Buffer[]): AsyncIterable<readonly Buffer[]> {
  for (let at = 0; at < docs.length; at += 7) yield docs.slice(at, at + 7);
}

async function results(
  docs: readonly object[],
  stages: readonly object[],
  context: PipelineContext
): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const doc of runPipeline(stages.map(raw), source(docs.map(raw)), context))
    out.push(deserialize(doc));
  return out;
}

const roomy: PipelineContext = { collection: () => source([]) };

const documents = fc.array(
  fc.record({ k: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.string({ maxLength: 3 })) }),
  {
    minLength: 30,
    maxLength: 300
  }
);

it('a sort that spills gives what one in memory gives, equal keys in the order they came', async () => {
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
      async (list, limit) => {
        const docs = list.map((doc, _id) => ({ _id, ...doc }));
        const stages = [{ $sort: { k: 1 } }, ...(limit === undefined ? [] : [{ $limit: limit }])];
        expect(await results(docs, stages, tight(2000))).toEqual(await results(docs, stages, roomy));
        expect(open).toBe(0);
      }
    ),
    { numRuns: 60 }
  );
});

it('a sort by a collation spills too', async () => {
  const docs = Array.from({ length: 500 }, (_, _id) => raw({ _id, k: 'aAbBéE'[_id % 6] }));
  const collation = raw({ locale: 'en', strength: 2 });
  const sorter = compileSort(raw({ k: 1 }), { collation }).sorter();
  const spill = openSpill(directory);
  docs.forEach((doc, at) => {
    sorter.push(doc);
    if (at % 90 === 89) sorter.spill(spill);
  });
  expect([...sorter.finish()].flat()).toEqual(compileSort(raw({ k: 1 }), { collation }).sort([...docs]));
  spill.close();
});

it('a group that spills gives what one in memory gives, its documents in the order they came', async () => {
  await fc.assert(
    fc.asyncProperty(documents, async list => {
      const docs = list.map((doc, _id) => ({ _id, ...doc }));
      const stages = [
        {
          $group: {
            _id: '$k',
            n: { $sum: 1 },
            first: { $first: '$_id' },
            last: { $last: '$_id' },
            all: { $push: '$_id' }
          }
        },
        { $sort: { first: 1 } }
      ];
      expect(await results(docs, stages, tight(20_000))).toEqual(await results(docs, stages, roomy));
      expect(open).toBe(0);
    }),
    { numRuns: 40 }
  );
});

/** Every accumulator, over numbers of all types, documents and values that are missing. */
const everyAccumulator = {
  sum: { $sum: '$n' },
  average: { $avg: '$n' },
  least: { $min: '$n' },
  most: { $max: '$text' },
  spread: { $stdDevPop: '$n' },
  sample: { $stdDevSamp: '$n' },
  first: { $first: '$text' },
  last: { $last: '$text' },
  all: { $push: { _id: '$_id', text: '$text' } },
  merged: { $mergeObjects: '$sub' },
  firstN: { $firstN: { n: 2, input: '$text' } },
  lastN: { $lastN: { n: 3, input: '$_id' } },
  maxN: { $maxN: { n: 2, input: '$n' } },
  minN: { $minN: { n: 2, input: '$n' } },
  top: { $top: { sortBy: { n: 1 }, output: '$_id' } },
  bottomN: { $bottomN: { n: 2, sortBy: { n: 1, _id: 1 }, output: ['$_id', '$n'] } },
  count: { $count: {} }
};

it('groups that outgrow memory go to disk with what every accumulator gathered, and come out the same', async () => {
  const number = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(n => Long.fromBigInt(n)),
    fc.integer().map(n => Decimal128.fromString(`${n}.1`))
  );
  const grown = fc.array(
    fc.record(
      {
        k: fc.integer({ min: 0, max: 6 }),
        n: number,
        text: fc.string({ maxLength: 200 }),
        sub: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer())
      },
      { requiredKeys: ['k'] }
    ),
    { minLength: 20, maxLength: 200 }
  );
  let spilled = 0;
  await fc.assert(
    fc.asyncProperty(grown, fc.integer({ min: 12_000, max: 60_000 }), async (list, most) => {
      open = 0;
      const docs = list.map((doc, _id) => ({ _id, ...doc }));
      const set = { $group: { _id: '$k', set: { $addToSet: '$text' }, n: { $sum: 1 } } };
      for (const stages of [
        [{ $group: { _id: '$k', ...everyAccumulator } }, { $sort: { _id: 1 } }],
        [
          set,
          { $project: { n: 1, set: { $sortArray: { input: '$set', sortBy: 1 } } } },
          { $sort: { _id: 1 } }
        ]
      ]) {
        const { spill, ...context } = tight(most);
        const counting = { ...context, spill: () => (spilled++, spill!()) };
        expect(await results(docs, stages, counting)).toEqual(await results(docs, stages, roomy));
      }
      expect(open).toBe(0);
    }),
    { numRuns: 60 }
  );
  expect(spilled).toBeGreaterThan(10);
});

it('what is long is read back at once', () => {
  const spill = openSpill(directory);
  const documents = new SpilledDocuments(spill);
  const docs = [10, 3_000_000, 20, 700_000, 0].map(length => raw({ text: 'x'.repeat(length) }));
  docs.forEach(doc => documents.push(doc));
  expect([...documents.documents()].map(doc => doc.length)).toEqual(docs.map(doc => doc.length));
  expect(Buffer.concat([...documents.documents()]).equals(Buffer.concat(docs))).toBe(true);
  spill.close();
});

it('without leave to use the disk, too much is error 292; and one group too large for memory is 146', async () => {
  const docs = Array.from({ length: 400 }, (_, _id) => ({ _id, k: _id, text: 'x'.repeat(100) }));
  const limited: PipelineContext = { collection: () => source([]), memoryBytesMax: 5000 };
  const code = (mongoCode: number): unknown =>
    expect.objectContaining({ data: expect.objectContaining({ mongoCode }) as unknown });
  await expect(results(docs, [{ $sort: { k: 1 } }], limited)).rejects.toEqual(code(292));
  await expect(results(docs, [{ $group: { _id: '$k' } }], limited)).rejects.toEqual(code(292));
  await expect(
    results(docs, [{ $group: { _id: null, all: { $push: '$text' } } }], tight(5000))
  ).rejects.toEqual(code(146));
  expect(open).toBe(0);
});

it('leaves nothing in its folder, while it is open and afterwards', () => {
  const spill = openSpill(directory);
  spill.append(Buffer.from('scratch'));
  expect(readdirSync(directory)).toEqual([]);
  const back = Buffer.alloc(7);
  expect(spill.read(0, back)).toBe(7);
  expect(back.toString()).toBe('scratch');
  spill.close();
  spill.close();
  expect(readdirSync(directory)).toEqual([]);
});

/** Stages that need all documents, each with what it may find in them. */
const GATHERING: readonly (readonly object[])[] = [
  [
    {
      $setWindowFields: {
        partitionBy: '$p',
        sortBy: { n: 1 },
        output: {
          all: { $sum: '$n' },
          few: { $push: '$k', window: { documents: [-1, 1] } },
          near: { $count: {}, window: { range: [-3, 3] } },
          rank: { $rank: {} },
          next: { $shift: { output: '$k', by: 1, default: 'none' } },
          mean: { $expMovingAvg: { input: '$n', N: 3 } }
        }
      }
    }
  ],
  [{ $setWindowFields: { output: { all: { $push: '$n' } } } }],
  [{ $fill: { partitionBy: { p: '$p' }, sortBy: { n: 1 }, output: { gap: { method: 'linear' } } } }],
  [{ $bucketAuto: { groupBy: '$n', buckets: 4, output: { n: { $sum: 1 }, first: { $first: '$k' } } } }],
  [{ $bucketAuto: { groupBy: '$n', buckets: 3, granularity: 'R5' } }],
  [{ $densify: { field: 'n', range: { step: 2, bounds: 'full' } } }],
  [{ $densify: { field: 'n', partitionByFields: ['p'], range: { step: 1, bounds: 'partition' } } }],
  [{ $densify: { field: 'n', partitionByFields: ['p'], range: { step: 5, bounds: [-5, 60] } } }]
];

it.each(GATHERING.map(stages => [JSON.stringify(stages), stages] as const))(
  '%s on disk gives what it gives in memory',
  async (_, stages) => {
    const record = fc.record({
      p: fc.constantFrom('a', 'b', 'c', null),
      n: fc.integer({ min: 0, max: 40 }),
      k: fc.string({ maxLength: 8 })
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 30, maxLength: 200 }), async list => {
        const docs = list.map((doc, _id) => ({ _id, ...doc, ...(_id % 3 === 0 ? { gap: _id } : {}) }));
        expect(await results(docs, stages, tight(2000))).toEqual(await results(docs, stages, roomy));
        expect(open).toBe(0);
      }),
      { numRuns: 25 }
    );
  }
);

it('a partition larger than memory is computed from the disk', async () => {
  const docs = Array.from({ length: 3000 }, (_, _id) => ({
    _id,
    n: (_id * 7919) % 3000,
    text: 'x'.repeat(400)
  }));
  const stages = [
    {
      $setWindowFields: {
        sortBy: { n: 1 },
        output: { upTo: { $max: '$n', window: { documents: ['unbounded', 'current'] } } }
      }
    }
  ];
  const found = (await results(docs, stages, tight(50_000))) as { n: number; upTo: number; text: string }[];
  expect(found.map(({ n }) => n)).toEqual(docs.map((_, n) => n));
  expect(found.every(({ n, upTo, text }) => upTo === n && text.length === 400)).toBe(true);
  expect(open).toBe(0);
});

it('what gathers says so when it may not go to disk', async () => {
  const docs = Array.from({ length: 200 }, (_, _id) => ({ _id, n: _id, k: 'x' }));
  const context: PipelineContext = { ...roomy, memoryBytesMax: 2000 };
  for (const stages of GATHERING) {
    await expect(results(docs, stages, context)).rejects.toMatchObject({ data: { mongoCode: 292 } });
  }
});

describe('$facet', () => {
  const docs = Array.from({ length: 4000 }, (_, _id) => ({ _id, n: _id % 7, text: 'x'.repeat(100) }));

  it('keeps none of its input, and each of its pipelines may stop when it likes', async () => {
    const facets = {
      all: [{ $count: 'n' }],
      few: [{ $limit: 2 }, { $project: { text: 0 } }],
      none: [{ $match: { n: 9 } }],
      groups: [{ $sortByCount: '$n' }, { $limit: 1 }]
    };
    const [found] = await results(docs, [{ $facet: facets }], tight(20_000));
    expect(found).toEqual({
      all: [{ n: 4000 }],
      few: [
        { _id: 0, n: 0 },
        { _id: 1, n: 1 }
      ],
      none: [],
      groups: [{ _id: 0, count: 572 }]
    });
    expect(open).toBe(0);
  });

  it('reads no further than any of them wants', async () => {
    let read = 0;
    async function* counted(): AsyncIterable<readonly Buffer[]> {
      for await (const batch of source(docs.map(raw))) {
        read += batch.length;
        yield batch;
      }
    }
    const out: Buffer[] = [];
    const stage = raw({ $facet: { a: [{ $limit: 3 }], b: [{ $limit: 9 }] } });
    for await (const doc of runPipeline([stage], counted(), roomy)) out.push(doc);
    expect(read).toBeLessThan(30);
  });

  it('says when what it makes is too large, and when one of its pipelines fails', async () => {
    const all = { $facet: { a: [{ $match: {} }], b: [{ $count: 'n' }] } };
    await expect(results(docs, [all], tight(20_000))).rejects.toMatchObject({ data: { mongoCode: 4031700 } });
    const wrong = { $facet: { a: [{ $project: { x: { $divide: ['$n', 0] } } }], b: [{ $count: 'n' }] } };
    await expect(results(docs, [wrong], roomy)).rejects.toMatchObject({ data: { mongoCode: 2 } });
  });
});

describe('joins with a collection that has no room in memory', () => {
  const others = Array.from({ length: 400 }, (_, _id) => ({
    _id,
    up: Math.floor(_id / 2),
    text: 'x'.repeat(50)
  }));
  const withOthers = (context: PipelineContext): PipelineContext => ({
    ...context,
    collection: () => source(others.map(raw))
  });
  const chain = [
    {
      $graphLookup: {
        from: 'c',
        startWith: '$up',
        connectFromField: 'up',
        connectToField: '_id',
        as: 'above',
        depthField: 'd'
      }
    },
    { $project: { found: { $sortArray: { input: '$above', sortBy: { d: 1 } } } } }
  ];
  const counted = [
    { $lookup: { from: 'c', pipeline: [{ $match: { up: { $lt: 5 } } }, { $count: 'n' }], as: 'few' } }
  ];

  it.each([
    ['$graphLookup', chain],
    ['$lookup', counted]
  ])('%s reads it as often as it has to', async (_, stages) => {
    const docs = [397, 3, 40].map(up => ({ _id: up, up }));
    expect(await results(docs, stages, withOthers({ ...tight(4000), collection: roomy.collection }))).toEqual(
      await results(docs, stages, withOthers(roomy))
    );
  });

  it('$graphLookup says when it reaches too much', async () => {
    const all = {
      $graphLookup: { from: 'c', startWith: 0, connectFromField: '_id', connectToField: 'up', as: 'below' }
    };
    await expect(results([{ _id: 1 }], [all], withOthers(tight(4000)))).rejects.toMatchObject({
      data: { mongoCode: 40099 }
    });
  });
});
