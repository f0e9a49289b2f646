/** Ranges of an index in which most entries are dead, beside the same range without any. */
import { createRequire } from 'node:module';
import { serialize } from 'bson';
import { median } from '../row.mjs';
import { ORIGIN, PROJECT } from './bench-project.mjs';

const { docKeyOf, encodeKey } = createRequire(import.meta.url)('@argon/wal-core');

const AGED = 'aged';
const FRESH = 'fresh';
const DEAD_PER_LIVE = 100;
/** Live entries that a range has, about. */
const RANGE = 100;
const VALUES = 1_000_000;
const GROUP = 500;
const BSON_INT32 = 0x10;

/** The bound of an index on one field that is an int32. */
function bound(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return { key: encodeKey([{ type: BSON_INT32, bytes }]), inclusive: true };
}

const document = (i, n) =>
  Buffer.from(
    serialize({ _id: i, n, note: 'a document whose place in the index moves, as counters and dates do' })
  );

/** Two collections with the same documents: one whose index has moved on a hundred times, and one that was just made. */
async function makeCollections(project, count) {
  const { engine } = project;
  const spec = Buffer.from(serialize({ name: 'n_1', key: { n: 1 } }));
  let numbers = [];
  const put = async (name, isNew) => {
    for (let first = 0; first < count; first += GROUP) {
      await project.write(writer => {
        const collection = writer.ensureCollection(name);
        for (let i = first; i < Math.min(count, first + GROUP); i++) {
          const image = document(i, numbers[i]);
          if (isNew) {
            writer.insert(collection, image);
          } else {
            writer.replace(collection, docKeyOf(image), image);
          }
        }
      });
    }
  };
  let halfway;
  for (let round = 0; round <= DEAD_PER_LIVE; round++) {
    numbers = Array.from({ length: count }, () => project.random(VALUES));
    await put(AGED, round === 0);
    if (round === 0) {
      await engine.createIndex(PROJECT, 'main', AGED, spec, ORIGIN);
    }
    if (round === DEAD_PER_LIVE >> 1) {
      halfway = project.head().lsn;
    }
  }
  await put(FRESH, true);
  await engine.createIndex(PROJECT, 'main', FRESH, spec, ORIGIN);
  await project.settle();
  return halfway;
}

/** Microseconds per document of random ranges. */
async function rangeReads(project, snapshot, name, rounds) {
  const collection = snapshot.collection(name);
  const [index] = collection.indexes;
  const width = Math.floor((VALUES * RANGE) / project.indexed);
  const begun = performance.now();
  let seen = 0;
  for (let round = 0; round < rounds; round++) {
    const from = project.random(VALUES - width);
    const range = { lower: bound(from), upper: bound(from + width) };
    for await (const { images } of snapshot.scanIndex(collection, index, range)) {
      seen += images.length;
    }
  }
  return ((performance.now() - begun) / seen) * 1000;
}

export async function measureRanges({ project, say, options }) {
  project.indexed = options.indexedDocuments;
  const halfway = await makeCollections(project, options.indexedDocuments);
  const head = project.head();
  const old = project.engine.snapshot(PROJECT, head.timeline, halfway);
  const found = { fresh: [], head: [], old: [] };
  for (let round = 0; round <= options.rounds; round++) {
    const reads = options.ranges;
    const measured = {
      fresh: await rangeReads(project, head, FRESH, reads),
      head: await rangeReads(project, head, AGED, reads),
      old: await rangeReads(project, old, AGED, reads)
    };
    // The first round is for the compiler and the caches.
    if (round > 0) {
      Object.entries(measured).forEach(([name, value]) => found[name].push(value));
    }
  }
  const unit = 'µs/doc';
  const baseline = median(found.fresh);
  say({
    name: 'index range, 100 dead per live, head ÷ no dead',
    value: median(found.head),
    unit,
    baseline,
    goal: { atMost: 1.2, of: 'ratio' }
  });
  say({
    name: 'index range, 100 dead per live, old LSN ÷ no dead',
    value: median(found.old),
    unit,
    baseline,
    goal: { atMost: 6, of: 'ratio' }
  });
}
