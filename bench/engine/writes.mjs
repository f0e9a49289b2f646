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

/**
 * Bytes that files grow by, per update of a 200-byte document: of a file as a load left it, whose pages split at their
 * first updates, and of one that has aged.
 */
export async function measureBytes({ project, say, options }) {
  const sizes = () => {
    const { logBytes, stateBytes, images } = project.engine.status();
    return { history: logBytes + stateBytes, all: logBytes + stateBytes + images.bytes };
  };
  const updates = options.agingUpdates;
  const loaded = sizes();
  await project.age(updates);
  const aged = sizes();
  await project.age(updates);
  const older = sizes();
  const grown = (from, to) => ({ value: (to - from) / updates, unit: 'B' });
  say({
    name: 'bytes per 200 B update, log and state, first after a load',
    ...grown(loaded.history, aged.history)
  });
  say({ name: 'bytes per 200 B update, log and state, aged', ...grown(aged.history, older.history) });
  say({
    name: 'bytes per 200 B update, all files, aged',
    ...grown(aged.all, older.all),
    goal: { atMost: 800 }
  });
}
