/** Scans beside the same walk over documents in memory, old states beside new ones, and how images are made. */
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { median } from '../row.mjs';
import { COLLECTION, ORIGIN, PROJECT } from './bench-project.mjs';
import { COUNTER_OFFSET, document } from './documents.mjs';

const require = createRequire(import.meta.url);
const { StateScan } = require('@argon/wal-core/dist/read/statescan.js');

/** Documents of a page in memory, as many as a page of an image has. */
const PAGE_DOCUMENTS = 140;

/** The least a filtered scan can cost: the documents lie in memory, one behind another. */
class InMemory {
  constructor(count) {
    this.pages = [];
    for (let first = 0; first < count; first += PAGE_DOCUMENTS) {
      const documents = Array.from({ length: Math.min(PAGE_DOCUMENTS, count - first) }, (_, i) =>
        document(first + i)
      );
      const ends = [];
      let end = 0;
      for (const each of documents) {
        ends.push((end += each.length));
      }
      this.pages.push({ bytes: Buffer.concat(documents), ends: Uint32Array.from(ends) });
    }
    this.count = count;
  }

  /** Documents per second of a walk with a cheap filter. */
  scan() {
    const begun = performance.now();
    let matched = 0;
    for (const { bytes, ends } of this.pages) {
      let start = 0;
      for (const end of ends) {
        matched += bytes[start + COUNTER_OFFSET] >= 0 ? 1 : 0;
        start = end;
      }
    }
    if (matched !== this.count) {
      throw new Error('the walk missed a document');
    }
    return (this.count / (performance.now() - begun)) * 1000;
  }
}

/** Counts documents with a cheap filter on their raw bytes; nothing is handed out. */
class RawFilter {
  room = Infinity;
  matched = 0;

  take(page, from, to) {
    const { bytes } = page;
    for (let i = from; i < to; i++) {
      this.matched += bytes[page.imageStart(i) + COUNTER_OFFSET] >= 0 ? 1 : 0;
    }
  }

  one(page, at) {
    this.take(page, at, at + 1);
  }

  add(text, image) {
    this.matched += image[COUNTER_OFFSET] >= 0 ? 1 : 0;
  }
}

/** Documents per second of a scan inside the engine, with the filter on raw bytes. */
async function rawScan(project, snapshot) {
  const collection = snapshot.collection(COLLECTION);
  const scan = new StateScan(project.core.imageOffice.scanParts, snapshot.chain, collection.id, false, true);
  const begun = performance.now();
  let seen = 0;
  let after;
  do {
    const { sink, last } = await scan.fill(after === undefined ? {} : { after }, () => new RawFilter());
    seen += sink.matched;
    after = last;
    await new Promise(resolve => setImmediate(resolve));
  } while (after !== undefined);
  if (seen !== project.count) {
    throw new Error(`the scan saw ${seen} of ${project.count} documents`);
  }
  return (seen / (performance.now() - begun)) * 1000;
}

/** Measures several things in turn, so that all of them meet the same moments of the machine. */
async function inTurns(rounds, measures) {
  const found = measures.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, measure] of measures.entries()) {
      found[i].push(await measure());
    }
  }
  return found.map(median);
}

/** What the image files of the collection say of the head. */
function headStack(project) {
  const head = project.head();
  return project.core.imageOffice.files.stack(head.chain, head.collection(COLLECTION).id);
}

/** The newest state that is one base and nothing else. */
function cleanState(project) {
  return project.engine.snapshot(PROJECT, project.head().timeline, headStack(project).base.lsn);
}

/** Some states of the past, from just after the load to just before the head. */
function pastStates(project, count) {
  const { timeline, lsn } = project.head();
  const first = project.count + 1;
  return Array.from({ length: count }, (_, i) =>
    project.engine.snapshot(PROJECT, timeline, first + Math.floor(((lsn - first) * (i + 0.5)) / count))
  );
}

export async function measureScans({ project, lmdb, say, options }) {
  const rounds = options.rounds + 2;
  const memory = new InMemory(project.count);
  await project.settle();
  // Once each, so that pages are checked and code is warm.
  for (const state of [project.head(), cleanState(project)]) {
    await project.scan(state);
    await rawScan(project, state);
  }

  const [rawClean, rawHead, clean, head, walk, bare] = await inTurns(rounds, [
    () => rawScan(project, cleanState(project)),
    () => rawScan(project, project.head()),
    () => project.scan(cleanState(project)),
    () => project.scan(project.head()),
    () => memory.scan(),
    () => lmdb.scan()
  ]);
  const unit = 'docs/s';
  const inRuns = headStack(project).runs.reduce((sum, { image }) => sum + image.entries, 0) / project.count;
  const aged = `scan, head, ${Math.round(inRuns * 100)} % changed since its base`;
  say({ name: 'raw LMDB, a walk', value: bare, unit });
  say({
    name: 'scan, clean, filter on raw bytes ÷ the same in memory',
    value: rawClean,
    unit,
    baseline: walk,
    goal: { atLeast: 7e6 }
  });
  say({ name: 'scan, clean, through the API ÷ raw LMDB', value: clean, unit, baseline: bare });
  say({ name: `${aged}, filter on raw bytes`, value: rawHead, unit, baseline: walk });
  say({ name: `${aged}, through the API`, value: head, unit, baseline: bare });

  const states = pastStates(project, 8);
  const old = await inTurns(
    options.rounds,
    states.map(state => () => project.scan(state))
  );
  const [now, newest] = await inTurns(rounds, [
    () => project.scan(cleanState(project)),
    () => project.scan(project.head())
  ]);
  say({
    name: 'scan, head ÷ a random old LSN, median',
    value: newest / median(old),
    unit: '×',
    goal: { atMost: 1.75 }
  });
  say({ name: 'scan, head ÷ the slowest of 8 old LSNs', value: newest / Math.min(...old), unit: '×' });
  say({ name: 'scan, clean ÷ a random old LSN, median', value: now / median(old), unit: '×' });

  await project.engine.createBranch(PROJECT, 'overlay', ORIGIN, { from: 'main' });
  const changed = Math.floor(project.count / 10);
  for (let done = 0; done < changed; done += 5_000) {
    const numbers = Array.from({ length: Math.min(5_000, changed - done) }, (_, i) => (done + i) * 10);
    await project.updateMany(numbers, 'overlay');
  }
  await project.settle();
  const branch = project.engine.resolve(PROJECT, 'overlay');
  await project.scan(branch);
  const [rawOver, over] = await inTurns(rounds, [() => rawScan(project, branch), () => project.scan(branch)]);
  say({
    name: 'scan, branch with 10 % changed, filter on raw bytes',
    value: rawOver,
    unit,
    baseline: walk,
    goal: { atLeast: 5e6 }
  });
  say({ name: 'scan, branch with 10 % changed, through the API', value: over, unit, baseline: bare });
}

/** How fast a worker makes a base from the state and from files, and how long the loop is held meanwhile. */
export async function measureImages({ project, say }) {
  const { imageOffice } = project.core;
  const { timeline } = project.head();
  const collection = project.head().collection(COLLECTION).id;
  const stack = imageOffice.files.stack(project.head().chain, collection);
  const directory = imageOffice.files.directory;
  const measure = async task => {
    const file = imageOffice.files.reserve();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const begun = performance.now();
    const facts = await imageOffice.pool.build({ ...task, directory, file, collection });
    const took = performance.now() - begun;
    delay.disable();
    rmSync(imageOffice.files.path({ file }));
    return { rate: (facts.entries / took) * 1000, stall: delay.max / 1e6 - 1 };
  };
  const chain = [{ timeline: { id: timeline }, cap: stack.coverage }];
  const fromState = await measure({ from: 'versions', chain });
  const fromFiles = await measure({ from: 'stack', base: stack.base, runs: stack.runs });
  say({ name: 'image made from the state', value: fromState.rate, unit: 'docs/s' });
  say({
    name: 'image made from the last one and runs',
    value: fromFiles.rate,
    unit: 'docs/s',
    goal: { atLeast: 1e6 }
  });
  say({
    name: 'longest stall of the loop meanwhile',
    value: Math.max(fromState.stall, fromFiles.stall),
    unit: 'ms',
    goal: { atMost: 8 }
  });
  const { overlayBytes } = project.engine.status().images;
  const stored = [...imageOffice.files.all()].reduce((sum, { entries }) => sum + entries, 0);
  say({
    name: 'copies of a document in image files, per change',
    value: stored / project.head().lsn,
    unit: '×',
    goal: { atMost: 3 }
  });
  say({ name: 'memory of overlays', value: overlayBytes / 1e6, unit: 'MB', goal: { atMost: 64 } });
}
