import { int32At } from '../../bson';
import type { PipelineContext } from '../api';
import { document, doc, json, number, obj, path, Random, value } from '../oracle/random';
import { int32, string } from '../values';
import { compilePipeline } from '.';

const CONTEXT: PipelineContext = {
  collection: () => {
    throw new Error('no other collection is read');
  }
};

const ids = (r: Random) =>
  r.pick([
    () => json(null),
    () => int32(1),
    () => string(`$${r.pick(['a', 'b', 'c', 'd'])}`),
    () => string(`$${path(r)}`),
    () => string('$$ROOT'),
    () => obj(['x', string('$a')], ['y', string('$b.a')])
  ])();

function accumulator(r: Random) {
  const name = r.pick(['$sum', '$avg', '$min', '$max']);
  return r.pick([
    () => obj(['$count', obj()]),
    () => obj([name, int32(1)]),
    () => obj([name, string(`$${r.pick(['a', 'b', 'c', 'd', '_id'])}`)]),
    () => obj([name, string(`$${path(r)}`)]),
    () => obj([name, json({ $ifNull: ['$a', '$$ROOT'] })])
  ])();
}

const group = (r: Random): Buffer =>
  doc([
    [
      '$group',
      obj(['_id', ids(r)], ...r.times(0, 3, () => accumulator(r)).map((one, i) => [`f${i}`, one] as const))
    ]
  ]);

/** Documents of few values, so that groups meet again, now and then as a number of another type. */
function documents(r: Random): Buffer[] {
  const few = r.times(3, 6, () => (r.chance(0.5) ? number(r) : value(r, 2)));
  return Array.from({ length: 60 }, (_, i) =>
    r.chance(0.3)
      ? document(r, i)
      : doc([
          ['_id', int32(i)],
          ['a', r.pick(few)],
          ['b', r.pick(few)],
          ['c', number(r)]
        ])
  );
}

async function all(batches: AsyncIterable<readonly Buffer[]>): Promise<string[]> {
  const out: string[] = [];
  for await (const batch of batches) out.push(...batch.map(each => each.toString('hex')));
  return out;
}

async function* source(docs: readonly Buffer[]): AsyncIterable<readonly Buffer[]> {
  for (let at = 0; at < docs.length; at += 10) yield docs.slice(at, at + 10);
}

/** Shows each document in bytes that are used for the next one at once. */
function show(docs: readonly Buffer[], add: (bytes: Buffer, start: number) => void): void {
  const page = Buffer.alloc(Math.max(...docs.map(({ length }) => length)) + 100);
  docs.forEach((each, i) => {
    const start = i % 90;
    page.fill(0xee);
    each.copy(page, start);
    expect(int32At(page, start)).toBe(each.length);
    add(page, start);
    page.fill(0xee);
  });
}

it('tallies documents where they lie to the bytes that a run over copies gives', async () => {
  const r = new Random(20_261_121);
  for (let round = 0; round < 400; round++) {
    const docs = documents(r);
    const stages = [group(r), ...(r.chance(0.5) ? [doc([['$sort', obj(['f0', int32(-1)])]])] : [])];
    const expected = await all(compilePipeline(stages).run(source(docs), CONTEXT));
    const tally = compilePipeline(stages).tally(CONTEXT)!;
    show(docs, (bytes, start) => tally.add(bytes, start));
    expect(await all(tally.results())).toEqual(expected);
  }
}, 60_000);

it('refuses a group that keeps what it is shown, and one that outgrows its memory', async () => {
  const keeping = doc([['$group', obj(['_id', int32(1)], ['all', obj(['$push', string('$a')])])]]);
  expect(compilePipeline([keeping]).tally(CONTEXT)).toBeUndefined();
  const many = doc([['$group', obj(['_id', string('$_id')])]]);
  const tally = compilePipeline([many]).tally({ ...CONTEXT, memoryBytesMax: 1_000 })!;
  const docs = Array.from({ length: 100 }, (_, i) => doc([['_id', int32(i)]]));
  expect(() => show(docs, (bytes, start) => tally.add(bytes, start))).toThrow(
    /Exceeded memory limit for \$group/
  );
});
