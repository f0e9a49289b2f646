/** What is measured: everyday work of a driver, each as a rate. */
import { document, randomSource } from './documents.mjs';

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} unit
 * @property {import('../row.mjs').Goal} goal of the bridge against mongod
 * @property {(bench: Bench, round: number) => Promise<number>} run answers a rate
 */

/** One server's half of the benchmark. */
export class Bench {
  constructor(db, { documents, sliceMs, batch }) {
    this.db = db;
    this.users = db.collection('users');
    this.documents = documents;
    this.sliceMs = sliceMs;
    this.batch = batch;
    this.random = randomSource(7);
    this.lastId = 1_000_000_000;
  }

  /** Fills the collection that is read and updated. */
  async load() {
    await this.users.drop().catch(() => undefined);
    await this.insert(this.users, 0, this.documents);
    await this.users.createIndex({ score: 1 });
  }

  async insert(collection, first, count) {
    for (let at = 0; at < count; at += this.batch) {
      const size = Math.min(this.batch, count - at);
      await collection.insertMany(Array.from({ length: size }, (_, i) => document(first + at + i)));
    }
  }

  /** Runs `work` over and over in `workers` at once for the time of a slice; answers runs per second. */
  async rate(workers, work) {
    const begun = performance.now();
    let done = 0;
    await Promise.all(
      Array.from({ length: workers }, async () => {
        while (performance.now() - begun < this.sliceMs) {
          await work();
          done++;
        }
      })
    );
    return (done / (performance.now() - begun)) * 1000;
  }

  /** Runs `work` once; answers the things it did per second. */
  async throughput(work) {
    const begun = performance.now();
    const things = await work();
    return (things / (performance.now() - begun)) * 1000;
  }

  /** Runs a read over and over for the time of a slice; answers the things it read per second. */
  async readRate(read) {
    const begun = performance.now();
    let things = 0;
    while (performance.now() - begun < this.sliceMs) {
      things += await read();
    }
    return (things / (performance.now() - begun)) * 1000;
  }
}

const inserts = workers => bench => {
  const collection = bench.db.collection('inserts');
  return bench.rate(workers, () => collection.insertOne(document(bench.lastId++)));
};

const reads = readers => bench =>
  bench.rate(readers, () => bench.users.findOne({ _id: bench.random(bench.documents) }));

const RANGE_WIDTH = 100;

/** @type {readonly Workload[]} */
export const WORKLOADS = [
  { name: 'insertOne, 1 writer', unit: 'ops/s', goal: { atLeast: 1, of: 'ratio' }, run: inserts(1) },
  { name: 'insertOne, 64 writers', unit: 'ops/s', goal: { atLeast: 1, of: 'ratio' }, run: inserts(64) },
  {
    name: 'insertMany',
    unit: 'docs/s',
    goal: { atLeast: 1, of: 'ratio' },
    run: async (bench, round) => {
      const collection = bench.db.collection(`many${round}`);
      const batches = Array.from({ length: Math.ceil(bench.documents / 2 / bench.batch) }, (_, at) =>
        Array.from({ length: bench.batch }, (_, i) => document(at * bench.batch + i))
      );
      const rate = await bench.throughput(async () => {
        for (const batch of batches) {
          await collection.insertMany(batch);
        }
        return batches.length * bench.batch;
      });
      await collection.drop();
      return rate;
    }
  },
  { name: 'findOne by _id, 1 reader', unit: 'ops/s', goal: { atLeast: 1, of: 'ratio' }, run: reads(1) },
  { name: 'findOne by _id, 32 readers', unit: 'ops/s', goal: { atLeast: 1, of: 'ratio' }, run: reads(32) },
  {
    name: 'find by an indexed range',
    unit: 'docs/s',
    goal: { atLeast: 1, of: 'ratio' },
    run: bench =>
      bench.readRate(async () => {
        const from = bench.random(100_003 - RANGE_WIDTH);
        return (await bench.users.find({ score: { $gte: from, $lt: from + RANGE_WIDTH } }).toArray()).length;
      })
  },
  {
    name: 'full scan to the client',
    unit: 'docs/s',
    goal: { atLeast: 1, of: 'ratio' },
    run: bench => bench.readRate(async () => (await bench.users.find().toArray()).length)
  },
  {
    name: 'filtered count',
    unit: 'docs/s',
    goal: { atLeast: 2, of: 'ratio' },
    run: bench =>
      bench.readRate(async () => {
        await bench.users.countDocuments({ active: true, plan: 'pro' });
        return bench.documents;
      })
  },
  {
    name: 'updateOne by _id, 1 writer',
    unit: 'ops/s',
    goal: { atLeast: 1, of: 'ratio' },
    run: bench =>
      bench.rate(1, () => bench.users.updateOne({ _id: bench.random(bench.documents) }, { $inc: { n: 1 } }))
  },
  {
    name: 'updateOne by _id, 64 writers',
    unit: 'ops/s',
    goal: { atLeast: 1, of: 'ratio' },
    run: bench =>
      bench.rate(64, () => bench.users.updateOne({ _id: bench.random(bench.documents) }, { $inc: { n: 1 } }))
  },
  {
    name: 'updateMany',
    unit: 'docs/s',
    goal: { atLeast: 1.5, of: 'ratio' },
    run: bench =>
      bench.throughput(
        async () => (await bench.users.updateMany({ plan: 'pro' }, { $inc: { n: 1 } })).modifiedCount
      )
  },
  {
    name: '$match, $group, $sort',
    unit: 'docs/s',
    goal: { atLeast: 1.5, of: 'ratio' },
    run: bench =>
      bench.readRate(async () => {
        const pipeline = [
          { $match: { active: true } },
          { $group: { _id: '$plan', n: { $sum: 1 }, mean: { $avg: '$score' } } },
          { $sort: { n: -1 } }
        ];
        await bench.users.aggregate(pipeline).toArray();
        return bench.documents;
      })
  },
  {
    name: 'createIndex',
    unit: 'docs/s',
    goal: { atLeast: 0.5, of: 'ratio' },
    run: async bench => {
      const rate = await bench.throughput(async () => {
        await bench.users.createIndex({ name: 1 });
        return bench.documents;
      });
      await bench.users.dropIndex('name_1');
      return rate;
    }
  }
];
