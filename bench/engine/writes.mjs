/** Durable writes, beside bare LMDB and a bare file, taking turns. */
import { median, quantile } from '../row.mjs';

/** Goals per number of writers (engine goals): writes per second, and the part of bare append + fdatasync. */
const GOALS = [
  { writers: 1, rate: 3_000, part: 0.5 },
  { writers: 64, rate: 25_000, part: 0.1, p99Ms: 15 },
  { writers: 256, rate: 45_000 }
];

export async function measureWrites({ project, lmdb, append, say, options }) {
  for (const { writers, rate, part, p99Ms } of GOALS) {
    const engine = [];
    const raw = [];
    const bare = [];
    let took = [];
    for (let round = 0; round < options.rounds; round++) {
      const found = await project.writes(writers, options.sliceMs);
      engine.push(found.rate);
      took = took.concat(found.took);
      raw.push(await lmdb.writes(writers, options.sliceMs));
      bare.push(await append.writes(writers, options.sliceMs / 3));
    }
    const name = `durable writes, ${writers} writer${writers > 1 ? 's' : ''}`;
    say({
      name: `${name}, against raw LMDB`,
      value: median(engine),
      unit: '/s',
      baseline: median(raw),
      goal: { atLeast: rate }
    });
    say({
      name: `${name}, against append + fdatasync`,
      value: median(engine),
      unit: '/s',
      baseline: median(bare),
      ...(part ? { goal: { atLeast: part, of: 'ratio' } } : {})
    });
    say({
      name: `${name}, p99`,
      value: quantile(took, 0.99),
      unit: 'ms',
      ...(p99Ms ? { goal: { atMost: p99Ms } } : {})
    });
  }
  await project.settle();
}

/** Bytes that all files together grow by, per update of a 200-byte document. */
export async function measureBytes({ project, say, options }) {
  const size = () => {
    const { logBytes, stateBytes } = project.engine.status();
    return logBytes + stateBytes;
  };
  const before = size();
  const updates = options.agingUpdates;
  await project.age(updates);
  say({
    name: 'bytes per 200 B update, all files',
    value: (size() - before) / updates,
    unit: 'B',
    goal: { atMost: 800 }
  });
}
