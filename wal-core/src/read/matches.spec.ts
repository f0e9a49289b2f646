import type { DocKey, DocumentFilter, ScanBatch } from '../api';
import { matching } from './matches';

const DOCUMENTS = 300;

const batch: ScanBatch = {
  keys: Array.from({ length: DOCUMENTS }, (_, n) => Buffer.from([n >> 8, n & 0xff]) as DocKey),
  images: Array.from({ length: DOCUMENTS }, (_, n) => Buffer.from([n >> 8, n & 0xff]))
};

async function* once(): AsyncGenerator<ScanBatch> {
  yield batch;
}

/** Matches every third document, each in so many milliseconds. */
const thirds = (ms: number): DocumentFilter => ({
  source: Buffer.from([5, 0, 0, 0, 0]),
  options: {},
  isEmpty: false,
  matches: (image: Buffer) => {
    for (const end = performance.now() + ms; performance.now() < end;);
    return image.readUInt16BE(0) % 3 === 0;
  }
});

/** What came, and how many turns of the event loop there were meanwhile. */
async function read(ms: number) {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) {
      setImmediate(turn);
    }
  };
  setImmediate(turn);
  const batches = [];
  for await (const { images, keys, examined, examinedAt, last } of matching(once(), thirds(ms), undefined)) {
    batches.push({ images, keys, examined, examinedAt: Array.from(examinedAt), last });
  }
  isOver = true;
  return { batches, turns };
}

it.each([0, 1])('answers the same in parts, whatever a document takes (%i ms)', async ms => {
  const { batches } = await read(ms);
  expect(batches.flatMap(({ images }) => images)).toEqual(batch.images.filter((_, n) => n % 3 === 0));
  expect(batches.flatMap(({ keys }) => keys)).toEqual(batch.keys.filter((_, n) => n % 3 === 0));
  expect(batches.reduce((sum, { examined }) => sum + examined, 0)).toBe(DOCUMENTS);
  expect(batches.at(-1)!.last).toBe(batch.keys.at(-1));
  let before = 0;
  for (const { images, examined, examinedAt } of batches) {
    expect(examinedAt.map(at => batch.images[before + at - 1])).toEqual(images);
    before += examined;
  }
});

it('lets others have their turn when a document takes long', async () => {
  expect((await read(1)).turns).toBeGreaterThan(DOCUMENTS / 20);
});
