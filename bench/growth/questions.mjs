/** The questions of the suite: how does the cost of a thing grow with the size of another. */
import { join } from 'node:path';
import { BenchProject, COLLECTION, ORIGIN, PROJECT, keyOf } from '../engine/bench-project.mjs';
import { median } from '../row.mjs';

/** Changes that a diff or a merge has to find. */
const CHANGES = 1_000;
const GROUP = 5_000;

/** 10, 100, 1000 … from `first` to `last`. */
const decades = (first, last) => {
  const all = [];
  for (let value = first; value <= last; value *= 10) {
    all.push(value);
  }
  return all;
};

const perCall = (count, work) => {
  const begun = performance.now();
  for (let i = 0; i < count; i++) {
    work(i);
  }
  return ((performance.now() - begun) / count) * 1000;
};

async function medianMs(times, work) {
  const took = [];
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    await work(i);
    took.push(performance.now() - begun);
  }
  return median(took);
}

async function scanMs(project, snapshot, rounds) {
  const took = [];
  for (let round = 0; round < rounds; round++) {
    took.push((project.count / (await project.scan(snapshot))) * 1000);
  }
  return median(took);
}

/** Adds up what was measured: one line per name, one point per size. */
class Lines {
  byName = new Map();

  add(name, x, y) {
    const points = this.byName.get(name) ?? [];
    points.push({ x, y });
    this.byName.set(name, points);
  }

  list() {
    return [...this.byName].map(([name, points]) => ({ name, points }));
  }
}

/** Reads of a small collection while its history grows. */
async function history({ open, sizes, tell }) {
  const lines = new Lines();
  const project = await open('history');
  await project.load(sizes.historyDocuments, GROUP);
  const first = project.count;
  let done = first;
  for (const records of decades(first * 10, sizes.history)) {
    for (; done < records; done += 500) {
      await project.updateMany(Array.from({ length: 500 }, () => project.random(first)));
    }
    await project.settle();
    tell(`history of ${records}`);
    const { timeline, lsn } = project.head();
    const past = () => {
      const state = project.engine.snapshot(PROJECT, timeline, first + project.random(lsn - first + 1));
      return state.get(state.collection(COLLECTION), keyOf(project.random(first)));
    };
    const each = async (name, measure) => {
      // The first time is for the compiler and the caches.
      await measure();
      const took = [];
      for (let round = 0; round < sizes.rounds; round++) {
        took.push(await measure());
      }
      lines.add(name, records, median(took));
    };
    await each('point read, head', () => project.reads(project.head(), sizes.reads));
    await each('point read, any LSN', () => perCall(sizes.reads, past));
    const times = Array.from({ length: sizes.reads }, () =>
      project.engine.timeOf(PROJECT, 1 + project.random(lsn))
    );
    await each('time → LSN', () => perCall(sizes.reads, i => project.engine.lsnAt(PROJECT, times[i])));
    await each(
      'scan per document, head',
      async () => (await scanMs(project, project.head(), 1)) * (1000 / first)
    );
  }
  await project.close();
  return {
    id: 'history',
    title: `Reading ${first.toLocaleString('en-US')} documents, by length of history`,
    x: 'records of history',
    y: 'µs',
    goal: 1.3,
    lines: lines.list()
  };
}

/** Point reads and scans at the end of a chain of branches. */
async function depth({ open, sizes, tell }) {
  const lines = new Lines();
  const project = await open('depth');
  await project.load(sizes.depthDocuments, GROUP);
  for (const deep of decades(1, sizes.depth)) {
    // As many changes at every depth, else the chart would show what changed documents cost.
    const each = Math.ceil(sizes.depthChanges / deep);
    let parent = 'main';
    for (let level = 0; level < deep; level++) {
      const name = `level-${deep}-${level}`;
      await project.engine.createBranch(PROJECT, name, ORIGIN, { from: parent });
      for (let done = 0; done < each; done += GROUP) {
        await project.updateMany(
          Array.from({ length: Math.min(GROUP, each - done) }, () => project.random(project.count)),
          name
        );
      }
      parent = name;
    }
    await project.settle();
    tell(`depth ${deep}`);
    const leaf = () => project.engine.resolve(PROJECT, parent);
    const point = [];
    // Reads that walk the ancestry have the head's overlay gathered, a moment later.
    project.reads(leaf(), 500);
    await new Promise(resolve => setTimeout(resolve, 500));
    project.reads(leaf(), 500);
    for (let round = 0; round < sizes.rounds; round++) {
      point.push(project.reads(leaf(), Math.max(500, sizes.reads / deep)));
    }
    lines.add('point read', deep, median(point));
    lines.add(
      'scan per document',
      deep,
      ((await scanMs(project, leaf(), sizes.rounds)) * 1000) / project.count
    );
  }
  await project.close();
  return {
    id: 'depth',
    title: 'Reading the last of a chain of branches, by its depth',
    x: 'branches in the chain',
    y: 'µs',
    goal: 1.2,
    lines: lines.list()
  };
}

/** Pointer operations, diff and merge, while the collection grows. */
async function size({ open, sizes, tell }) {
  const pointers = new Lines();
  const changes = new Lines();
  for (const documents of decades(10_000, sizes.documents)) {
    const project = await open(`size-${documents}`);
    const { engine } = project;
    await project.load(documents, GROUP);
    await project.settle();
    tell(`${documents} documents`);
    const name = i => `b-${i}`;
    const times = sizes.pointers;
    pointers.add(
      'create',
      documents,
      await medianMs(times, i => engine.createBranch(PROJECT, name(i), ORIGIN, { from: 'main' }))
    );
    pointers.add(
      'reset',
      documents,
      await medianMs(times, i => engine.resetBranch(PROJECT, name(i), 'main', ORIGIN))
    );
    pointers.add(
      'pin',
      documents,
      await medianMs(times, i => engine.createPin(PROJECT, `p-${i}`, 'main', ORIGIN))
    );
    pointers.add(
      'delete',
      documents,
      await medianMs(times, i => engine.deleteBranch(PROJECT, name(i), ORIGIN))
    );

    const diffs = [];
    const merges = [];
    for (let round = 0; round < sizes.rounds; round++) {
      const side = `side-${round}`;
      const before = project.head().lsn;
      await engine.createBranch(PROJECT, side, ORIGIN, { from: 'main' });
      await project.updateMany(project.pick(CHANGES, 0));
      await project.updateMany(project.pick(CHANGES, 1), side);
      await project.settle();
      diffs.push(
        await medianMs(3, () => engine.diff(PROJECT, `main@${before}`, 'main', { limit: CHANGES * 2 }))
      );
      merges.push(
        await medianMs(1, async () => {
          const plan = await engine.planMerge(PROJECT, side, 'main', ORIGIN);
          await engine.applyPlan(PROJECT, plan.id, ORIGIN);
        })
      );
    }
    changes.add('diff of 1,000', documents, median(diffs));
    changes.add('merge of 1,000', documents, median(merges));
    await project.close();
  }
  const x = 'documents in the collection';
  return [
    {
      id: 'pointers',
      title: 'Moving a pointer, by size of the data',
      x,
      y: 'ms',
      goal: 1.1,
      lines: pointers.list()
    },
    {
      id: 'changes',
      title: 'Diff and merge, by size of the data',
      x,
      y: 'ms',
      goal: 1.3,
      lines: changes.list()
    }
  ];
}

/** What one more branch costs when there are many. */
async function branches({ open, sizes, tell }) {
  const lines = new Lines();
  const project = await open('branches');
  await project.load(1_000, 1_000);
  let made = 0;
  for (const count of decades(10, sizes.branches)) {
    while (made < count) {
      const together = Math.min(64, count - made);
      await Promise.all(
        Array.from({ length: together }, (_, i) =>
          project.engine.createBranch(PROJECT, `branch-${made + i}`, ORIGIN, { from: 'main' })
        )
      );
      made += together;
    }
    await project.settle();
    tell(`${count} branches`);
    const create = await medianMs(sizes.pointers, async i => {
      await project.engine.createBranch(PROJECT, `one-more-${count}-${i}`, ORIGIN, { from: 'main' });
    });
    lines.add('create (ms)', count, create);
    const resolve = () => project.engine.resolve(PROJECT, `branch-${project.random(count)}`);
    lines.add('resolve (µs)', count, perCall(sizes.reads, resolve));
    const list = await medianMs(3, () => project.engine.branches(PROJECT));
    lines.add('list, per branch (µs)', count, (list * 1000) / (count + sizes.pointers + 1));
  }
  await project.close();
  return {
    id: 'branches',
    title: 'Branches, by how many there are',
    x: 'branches',
    y: 'ms or µs',
    goal: 1.3,
    lines: lines.list()
  };
}

/** What one more project costs when there are many in the directory. */
async function projects({ open, sizes, tell }) {
  const lines = new Lines();
  const project = await open('projects');
  const { engine } = project;
  let made = 0;
  for (const count of decades(10, sizes.projects)) {
    while (made < count) {
      const together = Math.min(64, count - made);
      await Promise.all(
        Array.from({ length: together }, (_, i) => engine.createProject(`project-${made + i}`, ORIGIN))
      );
      made += together;
    }
    await project.settle();
    tell(`${count} projects`);
    const create = await medianMs(sizes.pointers, async i => {
      await engine.createProject(`one-more-${count}-${i}`, ORIGIN);
    });
    lines.add('create (ms)', count, create);
    const resolve = () => engine.resolve(`project-${project.random(count)}`, 'main');
    lines.add('resolve (µs)', count, perCall(sizes.reads, resolve));
  }
  await project.close();
  return {
    id: 'projects',
    title: 'Projects of one directory, by how many there are',
    x: 'projects',
    y: 'ms or µs',
    goal: 1.3,
    lines: lines.list()
  };
}

/**
 * Measures everything.
 * @param {{ directory: string, sizes: Record<string, number>, tell: (what: string) => void }} run
 * @returns {Promise<readonly (import('./chart.mjs').Chart & { id: string, goal: number })[]>} `goal`: what
 *   the largest size may cost as a multiple of the smallest
 */
export async function askAll({ directory, sizes, tell }) {
  const open = name => BenchProject.open(join(directory, name));
  const context = { open, sizes, tell };
  const answers = [];
  for (const question of [history, depth, size, branches, projects]) {
    answers.push(await question(context));
  }
  return answers.flat();
}
