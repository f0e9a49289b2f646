import { int32At } from '../../bson';
import type { PipelineContext } from '../api';
import { document, doc, json, number, obj, path, Random, value } from '../oracle/random';
import { double, int32, string } from '../values';
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
  const page = Buffer.alloc(Math.max(0, ...docs.map(({ length }) => length)) + 100);
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

it('is put together from shares to the bytes that one tally gives, or says that it cannot be', async () => {
  const r = new Random(20_261_122);
  let together = 0;
  for (let round = 0; round < 400; round++) {
    const docs = documents(r);
    const stages = [group(r), ...(r.chance(0.5) ? [doc([['$sort', obj(['f0', int32(-1)])]])] : [])];
    const expected = await all(compilePipeline(stages).run(source(docs), CONTEXT));
    const whole = compilePipeline(stages).tally(CONTEXT)!;
    const cuts = [0, ...r.times(1, 3, () => r.int(docs.length)), docs.length].sort((a, b) => a - b);
    let canBe = true;
    cuts.slice(1).forEach((end, i) => {
      const part = compilePipeline(stages).tally(CONTEXT)!;
      show(docs.slice(cuts[i], end), (bytes, start) => part.add(bytes, start));
      canBe &&= part.isShareable;
      if (canBe) {
        whole.absorb(structuredClone(part.share()));
        canBe = whole.isShareable;
      }
    });
    if (canBe) {
      together++;
      expect(await all(whole.results())).toEqual(expected);
    }
  }
  expect(together).toBeGreaterThan(100);
}, 60_000);

it('says no once a sum may have rounded, or there are many groups', () => {
  const tallyOf = (stage: Buffer) => compilePipeline([stage]).tally(CONTEXT)!;
  const sum = doc([['$group', obj(['_id', int32(1)], ['n', obj(['$sum', string('$a')])])]]);
  const canBe = (values: readonly number[]): boolean => {
    const tally = tallyOf(sum);
    show(
      values.map(n => doc([['a', double(n)]])),
      (bytes, start) => tally.add(bytes, start)
    );
    return tally.isShareable;
  };
  expect(canBe([1, -2, 3])).toBe(true);
  expect(canBe([1, 0.5])).toBe(false);
  expect(canBe([2 ** 53 - 1, 1])).toBe(false);
  expect(canBe([2 ** 52, -(2 ** 52), 2 ** 52])).toBe(false);
  expect(canBe([1, Infinity])).toBe(false);
  expect(canBe([1, NaN])).toBe(false);
  const many = tallyOf(doc([['$group', obj(['_id', string('$_id')])]]));
  const docs = Array.from({ length: 2_000 }, (_, i) => doc([['_id', int32(i)]]));
  show(docs.slice(0, 500), (bytes, start) => many.add(bytes, start));
  expect(many.isShareable).toBe(true);
  show(docs, (bytes, start) => many.add(bytes, start));
  expect(many.isShareable).toBe(false);
});

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
