/** Diff, undo and merge: they must cost what changed, not what is there. */
import { median } from '../row.mjs';
import { timed } from '../timed.mjs';
import { ORIGIN, PROJECT } from './bench-project.mjs';

const CHANGES = 1_000;

export async function measureChanges({ project, say, options }) {
  const { engine } = project;
  const diffs = [];
  const undos = [];
  const merges = [];
  for (let round = 0; round < options.rounds + 2; round++) {
    const side = `side-${round}`;
    const before = project.head().lsn;
    await engine.createBranch(PROJECT, side, ORIGIN, { from: 'main' });
    const ours = project.pick(CHANGES, 0);
    const { commit } = await project.updateMany(ours);
    await project.updateMany(project.pick(CHANGES, 1), side);
    await project.settle();

    const diff = await timed(() => engine.diff(PROJECT, `main@${before}`, 'main', { limit: CHANGES * 2 }));
    if (diff.found.documents.length !== CHANGES) {
      throw new Error(`the diff shows ${diff.found.documents.length} of ${CHANGES} changes`);
    }
    diffs.push(diff.ms);

    const merge = await timed(async () => {
      const plan = await engine.planMerge(PROJECT, side, 'main', ORIGIN);
      return engine.applyPlan(PROJECT, plan.id, ORIGIN);
    });
    merges.push(merge.ms);
    // An undo that comes at once waits for the state to have the merge.
    await project.settle();

    const range = { first: commit.firstLsn, last: commit.lastLsn };
    const undo = await timed(async () => {
      const plan = await engine.planUndo(PROJECT, 'main', { range }, ORIGIN);
      return engine.applyPlan(PROJECT, plan.id, ORIGIN);
    });
    undos.push(undo.ms);
  }
  const size = project.count.toLocaleString('en-US');
  say({ name: `the first diff of 1,000 in ${size} of a process`, value: diffs[0], unit: 'ms' });
  say({
    name: `diff of 1,000 in ${size}, with images and fields`,
    value: median(diffs),
    unit: 'ms',
    goal: { atMost: 15 }
  });
  say({ name: `merge of 1,000 in ${size}, planned and applied`, value: median(merges), unit: 'ms' });
  say({ name: `undo of 1,000 in ${size}, planned and applied`, value: median(undos), unit: 'ms' });
}
