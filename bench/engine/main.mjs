/** The engine beside raw LMDB and a bare append-only file, taking turns in one run on aged files. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { row } from '../row.mjs';
import { AppendFile, RawLmdb } from './baselines.mjs';
import { BenchProject } from './bench-project.mjs';
import { measureBranches } from './branches.mjs';
import { measureChanges } from './changes.mjs';
import { measureIndexes } from './indexes.mjs';
import { measureRanges } from './ranges.mjs';
import { measureLoop } from './loop.mjs';
import { measureReads } from './reads.mjs';
import { measureImages, measureScans } from './scans.mjs';
import { measureStarts } from './start.mjs';
import { measureBytes, measureWrites } from './writes.mjs';

const SIZES = {
  full: {
    documents: 1_000_000,
    agingUpdates: 200_000,
    rounds: 3,
    sliceMs: 3_000,
    reads: 50_000,
    depth: 1_000,
    branches: 100,
    manyBranches: 1_000,
    replay: 30_000,
    indexedDocuments: 2_000,
    ranges: 200
  },
  quick: {
    documents: 50_000,
    agingUpdates: 20_000,
    rounds: 2,
    sliceMs: 500,
    reads: 10_000,
    depth: 100,
    branches: 20,
    manyBranches: 1_000,
    replay: 10_000,
    indexedDocuments: 500,
    ranges: 50
  }
};
const GROUP = 5_000;

/**
 * @param {{ directory: string, quick: boolean, sizes: Readonly<Record<string, number>>, onRow: (row: import('../row.mjs').Row) => void }} run
 *   `sizes`: overrides of the sizes, such as `{documents: 100000}`
 * @returns {Promise<readonly import('../row.mjs').Row[]>}
 */
export async function run({ directory, quick, sizes, onRow }) {
  const options = { ...SIZES[quick ? 'quick' : 'full'], ...sizes };
  const rows = [];
  const say = facts => {
    const made = row({ suite: 'engine', ...facts });
    rows.push(made);
    onRow(made);
  };
  for (const name of ['argon', 'raw']) {
    mkdirSync(join(directory, name));
  }
  const project = await BenchProject.open(join(directory, 'argon'));
  const lmdb = new RawLmdb(join(directory, 'raw'));
  const append = await AppendFile.open(join(directory, 'raw'));
  const context = { project, lmdb, append, say, options };
  try {
    const raw = await lmdb.load(options.documents, GROUP);
    const loaded = await project.load(options.documents, GROUP);
    say({
      name: 'bulk load in groups of 5,000',
      value: loaded,
      unit: 'docs/s',
      baseline: raw,
      goal: { atLeast: 300_000 }
    });
    await project.settle();
    await lmdb.age(options.agingUpdates);
    await measureBytes(context);
    await measureWrites(context);
    await measureReads(context);
    await measureScans(context);
    await measureImages(context);
    await measureBranches(context);
    await measureChanges(context);
    await measureLoop(context);
    await measureIndexes(context);
    await measureRanges(context);
    await project.close();
    await measureStarts({ directory: join(directory, 'argon'), say, options });
  } finally {
    await project.close();
    await lmdb.close();
    await append.close();
  }
  return rows;
}
