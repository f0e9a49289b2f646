import { readFileSync, writeFileSync } from 'node:fs';
import { serialize } from 'bson';
import type { CollectionInfo, Image, LongReads } from '../api';
import { IMAGE_UNIT_BYTES, PAGE_HEADER_BYTES } from '../image/format';
import { FLOWS_MAX } from '../limits';
import { compileFilter } from '../query';
import { coreOf, imagedParts, imagesSettled, SMALL_IMAGES } from '../laws/imaged';
import { World } from '../laws/world';

const DOCUMENTS = 9_000;

jest.setTimeout(60_000);

const bson = (document: object): Image => Buffer.from(serialize(document));
const ODD = compileFilter(bson({ n: { $mod: [2, 1] } }));
const ALL = compileFilter(bson({}));

async function drained(batches: AsyncIterable<{ readonly images: readonly Image[] }>): Promise<Image[]> {
  const found: Image[] = [];
  for await (const { images } of batches) {
    found.push(...images);
  }
  return found;
}

describe('long reads on workers', () => {
  let world: World;
  let items: CollectionInfo;
  /** LSN of the document 0; those after it follow. */
  let base: number;
  const long = (): LongReads => world.view('main').long!;
  const pool = () => coreOf(world.engine).imageOffice.pool!;

  beforeAll(async () => {
    world = await World.open({ parts: imagedParts({ ...SMALL_IMAGES, limits: { changesMin: 1_000 } }) });
    for (let first = 0; first < DOCUMENTS; first += 1_000) {
      const documents = Array.from({ length: 1_000 }, (_, i) => ({
        _id: first + i,
        n: first + i,
        text: 'x'
      }));
      const { lastLsn } = await world.put('main', documents);
      base = lastLsn - (first + 999);
    }
    await imagesSettled(world.engine);
    items = world.view('main').collection('items')!;
  });
  afterAll(() => world.close());

  it('begin here and go on there: a short one needs no thread', async () => {
    await world.reopen();
    items = world.view('main').collection('items')!;
    for await (const { images } of long().matching(items, { filter: ODD })) {
      if (images.length > 0) {
        break;
      }
    }
    expect(pool().threads).toBe(0);
    expect(await drained(long().matching(items, { filter: ODD }))).toHaveLength(DOCUMENTS / 2);
    expect(pool().threads).toBeGreaterThan(0);
  });

  it('count on all threads, and say how many documents were looked at', async () => {
    expect(await long().countMatching(items, { filter: ODD })).toEqual({
      count: DOCUMENTS / 2,
      examined: DOCUMENTS
    });
    expect((await long().countMatching(items, { filter: ODD, most: 7 })).count).toBe(7);
    const bounds = { stretches: [{ from: Buffer.from([0xff]) }] };
    expect((await long().countMatching(items, { filter: ODD, ...bounds })).count).toBe(0);
  });

  it('group on all threads where that comes to the same, and on one where it does not', async () => {
    const groups = [
      { $group: { _id: { $mod: ['$n', 3] }, n: { $sum: '$n' }, mean: { $avg: '$n' }, last: { $max: '$n' } } },
      { $group: { _id: 1, n: { $sum: { $divide: ['$n', 7] } } } }
    ];
    const kinds: string[][] = [];
    const before = new Map<number, Image[]>();
    const asked = async (stage: object): Promise<Image[]> =>
      drained(long().flow(items, { filter: ODD, stages: [bson(stage), bson({ $sort: { n: -1 } })] })!);
    for (const [i, stage] of groups.entries()) {
      jest.replaceProperty(pool(), 'size', 1);
      before.set(i, await asked(stage));
      jest.restoreAllMocks();
    }
    pool().wake();
    while (pool().ready < 2) {
      await drained(long().flow(items, { filter: ODD, stages: [bson({ $project: { n: 1 } })] })!);
      await new Promise(resolve => setTimeout(resolve, 150));
    }
    for (const [i, stage] of groups.entries()) {
      const run = jest.spyOn(pool(), 'run');
      const flow = jest.spyOn(pool(), 'flow');
      expect(await asked(stage)).toEqual(before.get(i));
      kinds.push([...run.mock.calls.map(([{ kind }]) => kind), ...flow.mock.calls.map(([{ kind }]) => kind)]);
      jest.restoreAllMocks();
    }
    expect(kinds).toEqual([
      ['tally', 'tally'],
      ['tally', 'tally', 'flow']
    ]);
  });

  it('tell up to which document each match was looked for', async () => {
    let before = 0;
    for await (const { images, examined, examinedAt } of long().matching(items, { filter: ODD })) {
      images.forEach((image, i) => expect(before + examinedAt[i]!).toBe(image.readInt32LE(9) + 1));
      before += examined;
    }
    expect(before).toBe(DOCUMENTS);
  });

  it('are given up at once when nobody wants them, and the thread is free again', async () => {
    const stop = new AbortController();
    // More than fits into one part.
    const stages = [bson({ $project: { n: 1, more: 'x'.repeat(200) } })];
    const flow = long().flow(items, { filter: ALL, stages, signal: stop.signal })!;
    const reading = (async () => {
      for await (const _ of flow) {
        stop.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(pool().flows).toBe(0);
    const left = long().flow(items, { filter: ALL, stages })!;
    for await (const _ of left) {
      break;
    }
    expect(pool().flows).toBe(0);
    const counting = new AbortController();
    const count = long().countMatching(items, { filter: ODD, signal: counting.signal });
    counting.abort();
    await expect(count).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await drained(long().flow(items, { filter: ALL, stages })!)).toHaveLength(DOCUMENTS);
  });

  it('are refused on a thread, and run here, when too many are under way', async () => {
    const flows = [];
    for (;;) {
      const flow = long().flow(items, { filter: ALL, stages: [bson({ $project: { n: 1 } })] });
      if (flow === undefined) {
        break;
      }
      const iterator = flow[Symbol.asyncIterator]();
      expect((await iterator.next()).done).toBe(false);
      flows.push(iterator);
    }
    expect(flows).toHaveLength(FLOWS_MAX);
    for (const flow of flows) {
      await flow.return?.();
    }
    expect(pool().flows).toBe(0);
  });

  it('end with an error when the thread dies, and the next one has another', async () => {
    const reading = drained(long().flow(items, { filter: ALL, sort: bson({ n: -1 }) })!);
    const failure = expect(reading).rejects.toMatchObject({ code: 'INTERNAL', data: { worker: true } });
    await new Promise(resolve => setImmediate(resolve));
    await pool().killAll();
    await failure;
    const [first] = await drained(long().flow(items, { filter: ALL, sort: bson({ n: -1 }), limit: 1 })!);
    expect(first?.readInt32LE(9)).toBe(DOCUMENTS - 1);
  });

  it('tell the error of a stage with its code', async () => {
    const stages = [bson({ $project: { r: { $divide: [1, { $subtract: ['$n', 8_000] }] } } })];
    await expect(drained(long().flow(items, { filter: ALL, stages })!)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      data: { mongoCode: 2 }
    });
    await expect(
      drained(long().flow(items, { filter: ALL, sort: bson({ n: 1 }), memoryBytesMax: 1_000 })!)
    ).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', data: { limit: 1_000 } });
  });

  it('do without an image that is damaged', async () => {
    const { files } = coreOf(world.engine).imageOffice;
    const { base } = files.stack(
      (world.view('main') as never as { chain: Parameters<typeof files.stack>[0] }).chain,
      items.id
    );
    const path = files.path(base!);
    const bytes = readFileSync(path);
    // In each page but those at the end: the first are in memory here, and how many there are is a matter of time.
    for (let at = IMAGE_UNIT_BYTES; at < bytes.length * 0.9; at += IMAGE_UNIT_BYTES) {
      bytes[at + PAGE_HEADER_BYTES]! ^= 1;
    }
    writeFileSync(path, bytes);
    // What the thread has open was checked before.
    await pool().killAll();
    const read = { filter: ODD, stretches: [{ from: Buffer.from([0]) }] };
    const counted = await long().countMatching(items, read);
    expect([counted.count, files.damaged]).toEqual([DOCUMENTS / 2, 1]);
  });

  it('end with the engine', async () => {
    const flow = long().flow(items, { filter: ALL, sort: bson({ text: 1, n: -1 }) })!;
    const reading = expect(drained(flow)).rejects.toMatchObject({ code: 'CANCELLED' });
    await new Promise(resolve => setImmediate(resolve));
    await world.engine.close();
    await reading;
    await world.reopen();
  });

  it('find the versions of their documents when they are asked for, of older states too', async () => {
    const before = world.view('main');
    const changed = [4_001, 6_003, 8_999];
    const { firstLsn } = await world.put(
      'main',
      changed.map(_id => ({ _id, n: _id, text: 'y' }))
    );
    for (const view of [before, world.view('main')]) {
      const found = new Map<number, number>();
      for await (const { images, lsns } of view.long!.matching(items, { filter: ODD, versions: true })) {
        images.forEach((image, i) => lsns !== undefined && found.set(image.readInt32LE(9), lsns[i]!));
      }
      expect(found.size).toBeGreaterThan(0);
      for (const [id, lsn] of found) {
        const at = changed.indexOf(id);
        const expected = view === before || at < 0 ? base + id : firstLsn + at;
        expect([id, lsn]).toEqual([id, expected]);
      }
    }
  });

  it('keep the order where a page has more documents than one step takes', async () => {
    const tiny = Array.from({ length: 6_000 }, (_, _id) => ({ _id, n: _id }));
    const collection = 'tiny';
    await world.put('main', tiny, { collection });
    await imagesSettled(world.engine);
    // On top of the images, far from where their pages begin.
    const changed = [900, 901, 5_200, 5_990];
    await world.put(
      'main',
      changed.map(_id => ({ _id, n: _id, isNew: true })),
      { collection }
    );
    const info = world.view('main').collection(collection)!;
    const isThere = compileFilter(bson({ n: { $gte: 0 } }));
    const ids = tiny.map(({ _id }) => _id);
    for (const reverse of [false, true]) {
      const read = { filter: isThere, reverse };
      const found = (await drained(long().matching(info, read))).map(image => image.readInt32LE(9));
      expect(found).toEqual(reverse ? [...ids].reverse() : ids);
      expect((await long().countMatching(info, read)).count).toBe(ids.length);
    }
  });
});
