/** How long the event loop, and a reader, wait while everything long runs at once. */
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { median, quantile } from '../row.mjs';
import { COLLECTION, keyOf, ORIGIN, PROJECT } from './bench-project.mjs';

const require = createRequire(import.meta.url);
const { compileFilter } = require('@argon/wal-core');
const { serialize } = require('bson');

const bson = document => Buffer.from(serialize(document));
const CHANGES = 50_000;
/** A client on a thread of its own: asks, waits for the answer, asks again two milliseconds later. */
const CLIENT = `
  const { parentPort } = require('node:worker_threads');
  const took = [];
  let asked = 0;
  const ask = () => { asked = performance.now(); parentPort.postMessage('read'); };
  parentPort.on('message', what => {
    if (what === 'end') { parentPort.postMessage(took); return; }
    took.push(performance.now() - asked);
    setTimeout(ask, 2);
  });
  ask();
`;

/** Documents per second of a filtered scan and of a count through the API. */
async function measureFilters({ project, say, options }) {
  const filter = compileFilter(bson({ score: { $lt: 10 } }));
  const rates = { scan: [], count: [] };
  for (let round = 0; round < options.rounds; round++) {
    const head = project.head();
    const collection = head.collection(COLLECTION);
    const rate = begun => (project.count / (performance.now() - begun)) * 1000;
    const scanning = performance.now();
    for await (const _ of head.long.matching(collection, { filter })) {
      // Only the way matters.
    }
    rates.scan.push(rate(scanning));
    const counting = performance.now();
    await head.long.countMatching(collection, { filter });
    rates.count.push(rate(counting));
  }
  const { workers } = project.engine.status().images;
  say({ name: 'filtered scan, one worker, through the API', value: median(rates.scan), unit: 'docs/s' });
  say({ name: `filtered count, ${workers} workers`, value: median(rates.count), unit: 'docs/s' });
}

/** Everything that takes long, once. */
function longWork({ project }) {
  const { engine } = project;
  const { imageOffice } = project.core;
  const head = project.head();
  const collection = head.collection(COLLECTION);
  const drained = async batches => {
    for await (const _ of batches) {
      // Only the way matters.
    }
  };
  const image = async () => {
    const { base, runs } = imageOffice.files.stack(head.chain, collection.id);
    const file = imageOffice.files.reserve();
    const { directory } = imageOffice.files;
    await imageOffice.pool.build({ from: 'stack', base, runs, directory, file, collection: collection.id });
    rmSync(imageOffice.files.path({ file }));
  };
  const index = bson({ v: 2, key: { score: 1 }, name: 'score_1' });
  return [
    drained(head.long.matching(collection, { filter: compileFilter(bson({ active: true })) })),
    drained(
      head.long.flow(collection, {
        filter: compileFilter(bson({})),
        stages: [bson({ $group: { _id: '$plan', n: { $sum: '$n' } } })]
      })
    ),
    engine.diff(PROJECT, 'main', 'loop', { limit: 1_000 }),
    image(),
    engine.createIndex(PROJECT, 'main', COLLECTION, index, ORIGIN),
    engine.verify(),
    engine.gc()
  ];
}

export async function measureLoop(context) {
  const { project, say } = context;
  await measureFilters(context);
  await project.engine.createBranch(PROJECT, 'loop', ORIGIN, { from: 'main' });
  const changed = Math.min(CHANGES, project.count >> 1);
  for (let first = 0; first < changed; first += 1_000) {
    await project.updateMany(
      Array.from({ length: 1_000 }, (_, i) => (first + i) % project.count),
      'loop'
    );
  }
  await project.settle();
  const client = new Worker(CLIENT, { eval: true });
  const took = new Promise(resolve => {
    client.on('message', what => {
      if (what === 'read') {
        const head = project.head();
        head.get(head.collection(COLLECTION), keyOf(project.random(project.count)));
        client.postMessage('answer');
      } else {
        resolve(what);
      }
    });
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await Promise.all(longWork(context));
  delay.disable();
  client.postMessage('end');
  const waits = await took;
  await client.terminate();
  const of = 'scan, group, diff, image, index, verify and gc at once';
  say({
    name: `delay of the loop, p99, under ${of}`,
    value: delay.percentile(99) / 1e6 - 1,
    unit: 'ms',
    goal: { atMost: 10 }
  });
  say({
    name: `a point read of another client, p99, under the same`,
    value: quantile(waits, 0.99),
    unit: 'ms',
    goal: { atMost: 20 }
  });
}
