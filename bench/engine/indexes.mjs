/** Making an index on everything, and what a writer beside it feels. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serialize } from 'bson';
import { median, quantile } from '../row.mjs';
import { COLLECTION, ORIGIN, PROJECT } from './bench-project.mjs';

/** One in the order of the documents, and one across it. */
const FIELDS = ['name', 'score'];
/** How long the writer writes alone. */
const ALONE_MS = 2_000;
/** Between two writes: a client that does something else too. */
const PAUSE_MS = 2;

const specOf = field => Buffer.from(serialize({ v: 2, key: { [field]: 1 }, name: `${field}_1` }));

/** Milliseconds that each write took, of one writer, until `work` is done. */
async function writesDuring(project, work) {
  let isOver = false;
  const done = work().finally(() => {
    isOver = true;
  });
  const took = [];
  while (!isOver) {
    const begun = performance.now();
    await project.update(project.random(project.count));
    took.push(performance.now() - begun);
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
  }
  await done;
  return took;
}

export async function measureIndexes({ project, say, options }) {
  const { engine } = project;
  const make = field => engine.createIndex(PROJECT, 'main', COLLECTION, specOf(field), ORIGIN);
  const drop = field =>
    project.write(writer => writer.dropIndex(writer.collection(COLLECTION), `${field}_1`));
  for (const field of FIELDS) {
    const rates = [];
    for (let round = 0; round < options.rounds; round++) {
      await project.settle();
      const begun = performance.now();
      await make(field);
      rates.push((project.count / (performance.now() - begun)) * 1000);
      await drop(field);
    }
    const order = field === 'name' ? 'in' : 'across';
    say({ name: `index made, ${order} the order of documents`, value: median(rates), unit: 'docs/s' });
  }
  await project.settle();
  const alone = await writesDuring(project, () => new Promise(resolve => setTimeout(resolve, ALONE_MS)));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const beside = await writesDuring(project, async () => {
    for (const field of FIELDS) {
      await make(field);
    }
  });
  delay.disable();
  for (const field of FIELDS) {
    await drop(field);
  }
  say({
    name: 'a write beside an index being made, p99, against the same alone',
    value: quantile(beside, 0.99),
    unit: 'ms',
    baseline: quantile(alone, 0.99),
    goal: { atMost: 10 }
  });
  say({
    name: 'a write beside an index being made, the slowest, against the same alone',
    value: quantile(beside, 1),
    unit: 'ms',
    baseline: quantile(alone, 1)
  });
  say({
    name: 'delay of the loop, p99, while an index is made',
    value: delay.percentile(99) / 1e6 - 1,
    unit: 'ms',
    goal: { atMost: 10 }
  });
}
