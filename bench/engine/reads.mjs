/** Point reads, at the head, in the past, and deep down a chain of branches. */
import { median } from '../row.mjs';
import { COLLECTION, ORIGIN, PROJECT } from './bench-project.mjs';

/** States of the past that are read in turn. */
const OLD_STATES = 64;

/** Microseconds per read of a random document in one of some random states of the past. */
function readsOfOldStates(project, count) {
  const { timeline, lsn } = project.head();
  const first = project.count + 1;
  const states = Array.from({ length: OLD_STATES }, () => {
    const state = project.engine.snapshot(PROJECT, timeline, first + project.random(lsn - first));
    return { state, collection: state.collection(COLLECTION) };
  });
  const keys = project.keys(count);
  const begun = performance.now();
  keys.forEach((key, i) => {
    const { state, collection } = states[i % OLD_STATES];
    if (state.get(collection, key) === undefined) {
      throw new Error('a document is missing');
    }
  });
  return ((performance.now() - begun) / count) * 1000;
}

/** Microseconds per read of a random document at a random LSN, the opening of the state included. */
function readsInThePast(project, count) {
  const { timeline, lsn } = project.head();
  const first = project.count + 1;
  const keys = project.keys(count);
  const begun = performance.now();
  for (const key of keys) {
    const at = first + project.random(lsn - first);
    const state = project.engine.snapshot(PROJECT, timeline, at);
    if (state.get(state.collection(COLLECTION), key) === undefined) {
      throw new Error('a document is missing');
    }
  }
  return ((performance.now() - begun) / count) * 1000;
}

/** The same numbers several times in turn; the middle one of each counts. */
function inTurns(rounds, measures) {
  const found = measures.map(() => []);
  for (let round = 0; round < rounds; round++) {
    measures.forEach((measure, i) => found[i].push(measure()));
  }
  return found.map(median);
}

/** A chain of branches, each forked from the one before and written to. */
async function growChain(project, depth, writesEach) {
  let parent = 'main';
  for (let level = 1; level <= depth; level++) {
    const name = `depth-${depth}-${level}`;
    await project.engine.createBranch(PROJECT, name, ORIGIN, { from: parent });
    await project.updateMany(
      Array.from({ length: writesEach }, () => project.random(project.count)),
      name
    );
    parent = name;
  }
  await project.settle();
  return parent;
}

export async function measureReads({ project, lmdb, say, options }) {
  const count = options.reads;
  const [head, old, past, raw, resolve] = inTurns(options.rounds, [
    () => project.reads(project.head(), count),
    () => readsOfOldStates(project, count),
    () => readsInThePast(project, count),
    () => lmdb.reads(count),
    () => {
      const begun = performance.now();
      for (let i = 0; i < count; i++) {
        project.head();
      }
      return ((performance.now() - begun) / count) * 1000;
    }
  ]);
  say({ name: 'point read at head', value: head, unit: 'µs', baseline: raw, goal: { atMost: 6 } });
  say({ name: 'point read at any LSN', value: old, unit: 'µs', baseline: raw, goal: { atMost: 7 } });
  say({ name: 'point read at any LSN, opened each time', value: past, unit: 'µs', baseline: raw });
  say({ name: 'resolve a branch', value: resolve, unit: 'µs' });
  for (const depth of [1, 10, 100, 1_000].filter(each => each <= options.depth)) {
    const leaf = await growChain(project, depth, depth >= 1_000 ? 2 : 20);
    // What a reader of a cold branch waits for once: its overlay is gathered in slices.
    const cold = performance.now();
    for await (const _ of project.engine
      .resolve(PROJECT, leaf)
      .scan(project.engine.resolve(PROJECT, leaf).collection(COLLECTION))) {
      // The whole of it.
    }
    say({ name: `first scan of a branch at depth ${depth}`, value: performance.now() - cold, unit: 'ms' });
    const [deep] = inTurns(options.rounds, [
      () => project.reads(project.engine.resolve(PROJECT, leaf), count)
    ]);
    say({
      name: `point read, branch depth ${depth}`,
      value: deep,
      unit: 'µs',
      baseline: head,
      goal: { atMost: 6 }
    });
  }
}
