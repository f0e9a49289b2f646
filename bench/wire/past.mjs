/** What the past costs beside the present, through the driver: the same reads on the same bridge. */
import { median, row } from '../row.mjs';
import { Bench } from './workloads.mjs';

/** @type {readonly { name: string, unit: string, goal: import('../row.mjs').Goal, run: (bench: Bench) => Promise<number> }[]} */
const READS = [
  {
    name: 'findOne by _id at a past LSN ÷ at head, 1 reader',
    unit: 'ops/s',
    goal: { atLeast: 1 / 1.1, of: 'ratio' },
    run: bench => bench.rate(1, () => bench.users.findOne({ _id: bench.random(bench.documents) }))
  },
  {
    name: 'filtered count at a past LSN ÷ at head',
    unit: 'docs/s',
    goal: { atLeast: 0.5, of: 'ratio' },
    run: bench =>
      bench.readRate(async () => {
        await bench.users.countDocuments({ active: true, plan: 'pro' });
        return bench.documents;
      })
  },
  {
    name: 'full scan to the client at a past LSN ÷ at head',
    unit: 'docs/s',
    goal: { atLeast: 0.5, of: 'ratio' },
    run: bench => bench.readRate(async () => (await bench.users.find().toArray()).length)
  }
];

/** The part of the documents that is changed between the past that is read and head. */
const CHANGED = 0.2;

/**
 * @param {Bench} bench of a bridge, loaded
 * @param {{ rounds: number, sliceMs: number, batch: number, documents: number }} options
 * @returns {AsyncGenerator<import('../row.mjs').Row>}
 */
export async function* pastRows(bench, options) {
  const { argon } = await bench.db.command({
    update: 'users',
    updates: [{ q: { _id: 0 }, u: { $inc: { n: 1 } } }]
  });
  await bench.users.updateMany({ _id: { $lt: bench.documents * CHANGED } }, { $inc: { n: 1 } });
  const past = new Bench(bench.db.client.db(`${bench.db.databaseName}~main~${argon.lsn}`), options);
  for (const { name, unit, goal, run } of READS) {
    const rates = { head: [], past: [] };
    for (let round = 0; round < options.rounds; round++) {
      rates.head.push(await run(bench));
      rates.past.push(await run(past));
    }
    yield row({ suite: 'wire', name, value: median(rates.past), unit, baseline: median(rates.head), goal });
  }
}
