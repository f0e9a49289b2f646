import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readdirSync } from 'node:fs';
import { allowSeconds, EFFORT } from './chance';
import { figure } from './figures';
import { ADA, SHOP, World } from './world';

allowSeconds(240);

const PROJECTS = Math.round(1_000 * EFFORT);
const BRANCHES = Math.round(4_000 * EFFORT);
const DEPTH = 300;
/** Calls under way at a time: they share flushes. */
const CALLS = 64;
/** What the heap may hold for one branch or project; an object of a kilobyte and a half each. */
const HEAP_BYTES_EACH_MAX = 4_000;
/** What a branch without changes may take in log and state. */
const DISK_BYTES_EACH_MAX = 1_500;

async function each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async () => {
    for (let i = next++; i < count; i = next++) {
      await work(i);
    }
  };
  await Promise.all(Array.from({ length: CALLS }, caller));
}

/** Processor time that something takes, in microseconds for each of `count`: others on the machine do not show in it. */
async function cost(count: number, work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const openFiles = () => readdirSync('/proc/self/fd').length;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is held; how much garbage lies about says nothing. */
const heapBytes = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

describe('law 6: many projects and branches in one directory', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(() => world.close());

  it(`${PROJECTS} projects share one set of files, are there after a start, and give their room back`, async () => {
    const { engine } = world;
    const files = openFiles();
    await each(PROJECTS, i => engine.createProject(`p${i}`, ADA));
    await each(PROJECTS, i => world.put('main', [{ _id: i }], { project: `p${i}` }));
    expect(openFiles()).toBeLessThan(files + 10);
    await world.reopen();
    const again = world.engine;
    expect(again.projects()).toHaveLength(PROJECTS + 1);
    for (const i of [0, Math.floor(PROJECTS / 2), PROJECTS - 1]) {
      const view = again.resolve(`p${i}`, 'main');
      expect(await view.count(view.collection('items')!)).toBe(1);
    }
    await each(PROJECTS / 2, i => again.deleteProject(`p${i}`, ADA));
    await again.gc({});
    expect(again.projects()).toHaveLength(PROJECTS / 2 + 1);
    const { problems, checked } = await again.verify();
    expect(problems).toEqual([]);
    expect(checked.versions).toBeLessThan(PROJECTS * 1.5);
    figure('projects in one directory', PROJECTS);
  });

  it(`${BRANCHES} branches cost the last what the first did, in time, memory and on the disk`, async () => {
    const { engine } = world;
    await world.put('main', [{ _id: 'main' }]);
    const make = (from: number, to: number) =>
      cost(to - from, () =>
        each(to - from, i => engine.createBranch(SHOP, `b${from + i}`, ADA, { from: 'main' }))
      );
    const quarter = BRANCHES / 4;
    await make(0, quarter);
    const heap = heapBytes();
    const disk = engine.status().logBytes + engine.status().stateBytes;
    const early = await make(quarter, 2 * quarter);
    await make(2 * quarter, 3 * quarter);
    const late = await make(3 * quarter, BRANCHES);
    // A cost that grew with the number of branches would be twice as much, and more.
    expect(late).toBeLessThan(early * 2 + 200);
    expect((heapBytes() - heap) / (3 * quarter)).toBeLessThan(HEAP_BYTES_EACH_MAX);
    const { logBytes, stateBytes } = engine.status();
    expect((logBytes + stateBytes - disk) / (3 * quarter)).toBeLessThan(DISK_BYTES_EACH_MAX);

    await each(200, i => world.put(`b${i * Math.floor(BRANCHES / 200)}`, [{ _id: i }]));
    await world.reopen();
    expect(world.engine.branchPage(SHOP, { limit: 10 })).toMatchObject({ total: BRANCHES + 1 });
    for (const i of [0, 1, BRANCHES - 1]) {
      const isWritten = i % Math.floor(BRANCHES / 200) === 0;
      expect(await world.all(`b${i}`)).toHaveLength(isWritten ? 2 : 1);
    }
    await each(BRANCHES / 2, i => world.engine.deleteBranch(SHOP, `b${i}`, ADA));
    const report = await world.engine.gc({});
    expect(report.timelines).toBe(BRANCHES / 2);
    expect(world.engine.timelineCount(SHOP)).toBe(BRANCHES / 2 + 1);
    expect((await world.engine.verify()).problems).toEqual([]);
    figure('branches in one project', BRANCHES);
  });

  it(`at the end of ${DEPTH} branches, each made from the one before, everything is read as it was`, async () => {
    await world.put('main', [{ _id: -1 }]);
    let branch = 'main';
    for (let i = 0; i < DEPTH; i++) {
      await world.engine.createBranch(SHOP, `d${i}`, ADA, { from: branch });
      branch = `d${i}`;
      await world.put(branch, [{ _id: i }]);
    }
    for (const again of [false, true]) {
      const found = await world.all(branch);
      expect(found.map(({ _id }) => _id)).toEqual(Array.from({ length: DEPTH + 1 }, (_, i) => i - 1));
      expect(await world.all('d0')).toHaveLength(2);
      if (!again) {
        await world.reopen();
      }
    }
    expect((await world.engine.verify()).problems).toEqual([]);
  });
});
