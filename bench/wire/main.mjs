/** The bridge beside a real mongod, through the same driver, taking turns in one run. */
import { median, row } from '../row.mjs';
import { startBridge, startReference } from './servers.mjs';
import { pastRows } from './past.mjs';
import { Bench, WORKLOADS } from './workloads.mjs';

const SIZES = {
  full: { documents: 100_000, rounds: 3, sliceMs: 3_000, batch: 1_000 },
  quick: { documents: 20_000, rounds: 1, sliceMs: 500, batch: 1_000 }
};

/**
 * @param {{ directory: string, quick: boolean, sizes: Readonly<Record<string, number>>, onRow: (row: import('../row.mjs').Row) => void, program?: string }} run
 *   `sizes`: overrides of the sizes, such as `{documents: 10000}`; `program`: another build of the bridge
 * @returns {Promise<readonly import('../row.mjs').Row[]>}
 */
export async function run({ directory, quick, sizes, onRow, program }) {
  const options = { ...SIZES[quick ? 'quick' : 'full'], ...sizes };
  const sides = [];
  const rows = [];
  try {
    sides.push(await startReference());
    sides.push(await startBridge(directory, program));
    const [mongod, argon] = sides.map(side => new Bench(side.db, options));
    await mongod.load();
    await argon.load();
    for (const workload of WORKLOADS) {
      const rates = { mongod: [], argon: [] };
      for (let round = 0; round < options.rounds; round++) {
        rates.mongod.push(await workload.run(mongod, round));
        rates.argon.push(await workload.run(argon, round));
      }
      const made = row({
        suite: 'wire',
        name: workload.name,
        value: median(rates.argon),
        unit: workload.unit,
        baseline: median(rates.mongod),
        goal: workload.goal
      });
      rows.push(made);
      onRow(made);
    }
    for await (const made of pastRows(argon, options)) {
      rows.push(made);
      onRow(made);
    }
  } finally {
    for (const side of sides) {
      await side.stop();
    }
  }
  return rows;
}
