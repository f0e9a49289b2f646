import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'bson';
import fc from 'fast-check';
import type { PipelineContext } from './api';
import { runPipeline } from './pipeline';
import { compileSort } from './sort';
import { openSpill } from './spill';

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
