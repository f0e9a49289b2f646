import { deserialize, serialize } from 'bson';
import type { Filter, PipelineContext } from '../api';
import { runPipeline } from '.';

const raw = (document: object): Buffer => Buffer.from(serialize(document));

async function* source(docs: readonly Buffer[]): AsyncIterable<readonly Buffer[]> {
  for (let at = 0; at < docs.length; at += 10) yield docs.slice(at, at + 10);
}

const others = Array.from({ length: 300 }, (_, _id) => ({ _id, k: _id % 30, pad: 'x'.repeat(50) }));
const mine = Array.from({ length: 40 }, (_, _id) => ({ _id, k: _id % 5 ? _id : [_id, 1], r: /x/ }));

async function joined(
  context: Partial<PipelineContext>,
  stage: object
): Promise<{ result: unknown[]; filters: number }> {
  let filters = 0;
  const collection = (_name: string, filter?: Filter): AsyncIterable<readonly Buffer[]> => {
    if (filter !== undefined) filters++;
    const docs = others.map(raw);
    return source(filter === undefined ? docs : docs.filter(doc => filter.matches(doc)));
  };
  const result: unknown[] = [];
  for await (const doc of runPipeline([raw(stage)], source(mine.map(raw)), { collection, ...context })) {
    result.push(deserialize(doc));
  }
  return { result, filters };
}

const byField = { $lookup: { from: 'o', localField: 'k', foreignField: 'k', as: 'found' } };
const both = {
  $lookup: { from: 'o', localField: 'k', foreignField: 'k', as: 'found', pipeline: [{ $count: 'n' }] }
};

it.each([byField, both])(
  'finds the same partners by an index, in memory, and when memory is too small',
  async stage => {
    const plain = await joined({}, stage);
    const indexed = await joined({ isIndexed: () => true }, stage);
    const tight = await joined({ memoryBytesMax: 12_000 }, stage);
    expect(plain.filters).toBe(0);
    expect(indexed.filters).toBe(4);
    expect(tight.filters).toBeGreaterThan(0);
    expect(indexed.result).toEqual(plain.result);
    expect(tight.result).toEqual(plain.result);
  }
);

it('does not take a regular expression for a pattern', async () => {
  const context: Partial<PipelineContext> = { isIndexed: () => true };
  const { result } = await joined(context, {
    $lookup: { from: 'o', localField: 'r', foreignField: 'pad', as: 'found' }
  });
  expect(result).toHaveLength(40);
  expect(result.every(doc => (doc as { found: unknown[] }).found.length === 0)).toBe(true);
});
