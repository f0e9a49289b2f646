/** Operations that must cost one small commit, whatever the size of the data. */
import { median } from '../row.mjs';
import { ORIGIN, PROJECT } from './bench-project.mjs';

const SMALL = 'bench-empty';
/** One commit is one flush and a little work: this many times a bare append + fdatasync is still one commit. */
const COMMITS_MAX = 5;

/** Times an operation in the large project, in an empty one, and a bare flush, taking turns. */
async function compare(times, append, operation) {
  const large = [];
  const small = [];
  const bare = [];
  const time = async (into, work) => {
    const begun = performance.now();
    await work();
    into.push(performance.now() - begun);
  };
  for (let i = 0; i < times; i++) {
    await time(large, () => operation(PROJECT, i));
    await time(small, () => operation(SMALL, i));
    await time(bare, () => append.flush(1));
  }
  return { large: median(large), small: median(small), bare: median(bare) };
}

export async function measureBranches({ project, append, say, options }) {
  const { engine } = project;
  await engine.createProject(SMALL, ORIGIN);
  const times = options.branches;
  const operations = {
    'branch create': (name, i) => engine.createBranch(name, `b-${i}`, ORIGIN, { from: 'main' }),
    'branch reset': (name, i) => engine.resetBranch(name, `b-${i}`, 'main', ORIGIN),
    pin: (name, i) => engine.createPin(name, `p-${i}`, 'main', ORIGIN),
    'branch delete': (name, i) => engine.deleteBranch(name, `b-${i}`, ORIGIN)
  };
  for (const [name, operation] of Object.entries(operations)) {
    const { large, small, bare } = await compare(times, append, operation);
    say({ name, value: large, unit: 'ms', baseline: bare, goal: { atMost: COMMITS_MAX, of: 'ratio' } });
    say({ name: `${name}, large ÷ empty project`, value: large / small, unit: '×', goal: { atMost: 1.5 } });
  }
}
