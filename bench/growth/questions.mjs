/**
 * The questions of the suite: how does the cost of a thing grow with the size of another. All sizes stand side by side
 * and are measured in turn, so that a machine that becomes faster or slower meanwhile does so for all of them.
 */
import { join } from 'node:path';
import { BenchProject, COLLECTION, ORIGIN, PROJECT, keyOf } from '../engine/bench-project.mjs';
import { median } from '../row.mjs';
import { timed } from '../timed.mjs';

/** Changes that a diff or a merge has to find. */
const CHANGES = 1_000;
const GROUP = 5_000;
const WARMING = 2;

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

/**
 * Milliseconds that work took at each of some places, as medians of turns that go round them. The first turns are for
 * the compiler and the caches.
 */
async function medians(places, turns, work) {
  const took = places.map(() => []);
  for (let turn = -WARMING; turn < turns; turn++) {
    for (const [at, place] of places.entries()) {
      const measured = await work(place, turn + WARMING);
      if (turn >= 0) {
        took[at].push(measured);
      }
    }
  }
  return took.map(median);
}

/** The same for work whose whole time counts. */
const medianMs = (places, turns, work) =>
  medians(places, turns, async (place, turn) => (await timed(() => work(place, turn))).ms);

const scanMs = async (project, snapshot) => (project.count / (await project.scan(snapshot))) * 1000;

const closeAll = async places => {
  for (const { project } of places) {
    await project.close();
  }
};

/** One line of a chart: a point for each place. */
const line = (name, places, values, scale = 1) => ({
  name,
  points: places.map(({ size }, at) => ({ x: size, y: values[at] * scale }))
});

/** Reads of a small collection with histories of several lengths. */
async function history({ open, sizes, tell }) {
  const places = [];
  for (const size of decades(sizes.historyDocuments * 10, sizes.history)) {
    const project = await open(`history-${size}`);
    await project.load(sizes.historyDocuments, GROUP);
    const first = project.count;
    for (let done = first; done < size; done += 500) {
      await project.updateMany(Array.from({ length: 500 }, () => project.random(first)));
    }
    await project.settle();
    tell(`history of ${size}`);
    const { lsn, timeline } = project.head();
    const times = Array.from({ length: sizes.reads }, () =>
      project.engine.timeOf(PROJECT, 1 + project.random(lsn))
    );
    places.push({ size, project, first, lsn, timeline, times });
  }
  const past = ({ project, first, lsn, timeline }) => {
    const state = project.engine.snapshot(PROJECT, timeline, first + project.random(lsn - first + 1));
    return state.get(state.collection(COLLECTION), keyOf(project.random(first)));
  };
  const each = (work, turns = sizes.rounds) => medians(places, turns, work);
  const head = await each(({ project }) => project.reads(project.head(), sizes.reads));
  const any = await each(place => perCall(sizes.reads, () => past(place)));
  const search = await each(({ project, times }) =>
    perCall(sizes.reads, i => project.engine.lsnAt(PROJECT, times[i]))
  );
  const scan = await each(({ project }) => scanMs(project, project.head()));
  const lines = [
    line('point read, head', places, head),
    line('point read, any LSN', places, any),
    line('time → LSN', places, search),
    line('scan per document, head', places, scan, 1000 / places[0].first)
  ];
  await closeAll(places);
  return {
    id: 'history',
    title: `Reading ${places[0].first.toLocaleString('en-US')} documents, by length of history`,
    x: 'records of history',
    y: 'µs',
    goal: 1.3,
    lines
  };
}

/** Point reads and scans at the end of a chain of branches. */
async function depth({ open, sizes, tell }) {
  const places = [];
  const project = await open('depth');
  await project.load(sizes.depthDocuments, GROUP);
  for (const size of decades(1, sizes.depth)) {
    // As many changes at every depth, else the chart would show what changed documents cost.
    const each = Math.ceil(sizes.depthChanges / size);
    let leaf = 'main';
    for (let level = 0; level < size; level++) {
      const name = `level-${size}-${level}`;
      await project.engine.createBranch(PROJECT, name, ORIGIN, { from: leaf });
      for (let done = 0; done < each; done += GROUP) {
        await project.updateMany(
          Array.from({ length: Math.min(GROUP, each - done) }, () => project.random(project.count)),
          name
        );
      }
      leaf = name;
    }
    await project.settle();
    tell(`depth ${size}`);
    const read = count => project.reads(project.engine.resolve(PROJECT, leaf), count);
    const scan = () => scanMs(project, project.engine.resolve(PROJECT, leaf));
    places.push({ size, read, scan });
    // Reads that walk the ancestry have the head's overlay gathered, a moment later.
    read(500);
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  const read = await medians(places, sizes.rounds, place => place.read(sizes.reads));
  const scan = await medians(places, sizes.rounds, place => place.scan());
  const lines = [
    line('point read', places, read),
    line('scan per document', places, scan, 1000 / project.count)
  ];
  await project.close();
  return {
    id: 'depth',
    title: 'Reading the last of a chain of branches, by its depth',
    x: 'branches in the chain',
    y: 'µs',
    goal: 1.2,
    lines
  };
}

/** Pointer operations, diff and merge, in collections of several sizes. */
async function size({ open, sizes, tell }) {
  const places = [];
  for (const documents of decades(10_000, sizes.documents)) {
    const project = await open(`size-${documents}`);
    await project.load(documents, GROUP);
    await project.settle();
    tell(`${documents} documents`);
    places.push({ size: documents, project });
  }
  const pointer = async (name, work) =>
    line(
      name,
      places,
      await medianMs(places, sizes.pointers, ({ project }, turn) => work(project.engine, turn))
    );
  const name = turn => `b-${turn}`;
  const pointers = [
    await pointer('create', (engine, turn) =>
      engine.createBranch(PROJECT, name(turn), ORIGIN, { from: 'main' })
    ),
    await pointer('reset', (engine, turn) => engine.resetBranch(PROJECT, name(turn), 'main', ORIGIN)),
    await pointer('pin', (engine, turn) => engine.createPin(PROJECT, `p-${turn}`, 'main', ORIGIN)),
    await pointer('delete', (engine, turn) => engine.deleteBranch(PROJECT, name(turn), ORIGIN))
  ];

  const merges = [];
  const diffs = await medians(places, sizes.rounds, async ({ project, size: documents }, turn) => {
    const { engine } = project;
    const side = `side-${turn}`;
    const before = project.head().lsn;
    await engine.createBranch(PROJECT, side, ORIGIN, { from: 'main' });
    await project.updateMany(project.pick(CHANGES, 0));
    await project.updateMany(project.pick(CHANGES, 1), side);
    await project.settle();
    const found = [];
    for (let again = 0; again < 3; again++) {
      found.push(
        (await timed(() => engine.diff(PROJECT, `main@${before}`, 'main', { limit: CHANGES * 2 }))).ms
      );
    }
    const merged = await timed(async () => {
      const plan = await engine.planMerge(PROJECT, side, 'main', ORIGIN);
      await engine.applyPlan(PROJECT, plan.id, ORIGIN);
    });
    if (turn >= WARMING) {
      merges.push({ documents, ms: merged.ms });
    }
    return median(found);
  });
  const mergedIn = documents =>
    median(merges.filter(each => each.documents === documents).map(({ ms }) => ms));
  const changes = [
    line('diff of 1,000', places, diffs),
    line(
      'merge of 1,000',
      places,
      places.map(place => mergedIn(place.size))
    )
  ];
  await closeAll(places);
  const x = 'documents in the collection';
  return [
    {
      id: 'pointers',
      title: 'Moving a pointer, by size of the data',
      x,
      y: 'ms',
      goal: 1.1,
      lines: pointers
    },
    { id: 'changes', title: 'Diff and merge, by size of the data', x, y: 'ms', goal: 1.3, lines: changes }
  ];
}

/** Makes so many of something, 64 at a time. */
async function makeMany(count, make) {
  for (let made = 0; made < count; made += 64) {
    await Promise.all(Array.from({ length: Math.min(64, count - made) }, (_, i) => make(made + i)));
  }
}

/** What one more branch costs when there are many. */
async function branches({ open, sizes, tell }) {
  const places = [];
  for (const count of decades(10, sizes.branches)) {
    const project = await open(`branches-${count}`);
    await project.load(1_000, 1_000);
    const make = name => project.engine.createBranch(PROJECT, name, ORIGIN, { from: 'main' });
    await makeMany(count, i => make(`branch-${i}`));
    await project.settle();
    tell(`${count} branches`);
    places.push({ size: count, project, make });
  }
  const create = await medianMs(places, sizes.pointers, ({ make }, turn) => make(`one-more-${turn}`));
  const resolve = await medians(places, sizes.rounds, ({ project, size: count }) =>
    perCall(sizes.reads, () => project.engine.resolve(PROJECT, `branch-${project.random(count)}`))
  );
  const list = await medianMs(places, sizes.rounds, ({ project }) => project.engine.branches(PROJECT));
  const each = places.map(({ project }, at) => (list[at] * 1000) / project.engine.branches(PROJECT).length);
  const lines = [
    line('create (ms)', places, create),
    line('resolve (µs)', places, resolve),
    line('list, per branch (µs)', places, each)
  ];
  await closeAll(places);
  return {
    id: 'branches',
    title: 'Branches, by how many there are',
    x: 'branches',
    y: 'ms or µs',
    goal: 1.3,
    lines
  };
}

/** What one more project costs when there are many in the directory. */
async function projects({ open, sizes, tell }) {
  const places = [];
  for (const count of decades(10, sizes.projects)) {
    const project = await open(`projects-${count}`);
    await makeMany(count, i => project.engine.createProject(`project-${i}`, ORIGIN));
    await project.settle();
    tell(`${count} projects`);
    places.push({ size: count, project });
  }
  const create = await medianMs(places, sizes.pointers, ({ project }, turn) =>
    project.engine.createProject(`one-more-${turn}`, ORIGIN)
  );
  const resolve = await medians(places, sizes.rounds, ({ project, size: count }) =>
    perCall(sizes.reads, () => project.engine.resolve(`project-${project.random(count)}`, 'main'))
  );
  const lines = [line('create (ms)', places, create), line('resolve (µs)', places, resolve)];
  await closeAll(places);
  return {
    id: 'projects',
    title: 'Projects of one directory, by how many there are',
    x: 'projects',
    y: 'ms or µs',
    goal: 1.3,
    lines
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
