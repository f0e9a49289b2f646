import type { Commit, Snapshot } from '../api';
import { isArgonError } from '../errors';
import { numbersFrom } from './chance';
import { ADA, dumpOf, image, type Plain, SHOP, type World } from './world';

const BRANCHES_MAX = 8;
const INDEXES = ['value', 'tags', 'deep.v'];

/** A state that was readable at some time, by timeline and LSN. */
export interface Told {
  readonly timeline: Snapshot['timeline'];
  readonly lsn: Snapshot['lsn'];
}

/**
 * A random life of a project in which everything happens that a data directory must keep: writes of short and long
 * documents, deletes, branches, resets, merges, undos, pins, runs, indexes made and dropped, collections dropped.
 */
export class Story {
  readonly below: (n: number) => number;
  private serial = 0;
  readonly pins = new Map<string, Told>();
  readonly runs = new Map<string, Told>();

  constructor(
    private readonly world: World,
    seed: number
  ) {
    this.below = numbersFrom(seed);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  private document(id: number): Plain {
    const value = this.below(50);
    return {
      _id: id,
      value,
      stamp: this.serial++,
      ...(this.below(3) === 0 ? { tags: [value % 5, value % 7] } : {}),
      ...(this.below(4) === 0 ? { deep: { v: value % 3 } } : {}),
      // Some are too long for the state and stay in the log.
      ...(this.below(6) === 0 ? { long: `${value} `.repeat(600) } : {})
    };
  }

  branchNames(): string[] {
    return this.world.engine.branches(SHOP).map(({ name }) => name);
  }

  async tell(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.world.clock.now += this.below(60_000);
      await this.step().catch(error => {
        if (!isArgonError(error, 'NOTHING_TO_DO') && !isArgonError(error, 'BRANCH_PROTECTED')) {
          throw error;
        }
      });
    }
  }

  async write(branch = this.pick(this.branchNames())): Promise<Commit> {
    const documents = Array.from({ length: 1 + this.below(6) }, () => this.document(this.below(14)));
    return this.world.put(branch, documents, {
      collection: this.pick(['items', 'items', 'orders']),
      atomic: this.below(2) === 0
    });
  }

  private async step(): Promise<unknown> {
    const { engine } = this.world;
    const branch = this.pick(this.branchNames());
    switch (this.below(20)) {
      case 0:
      case 1:
        return this.branchNames().length < BRANCHES_MAX
          ? engine.createBranch(SHOP, `b-${this.serial++}`, ADA, { from: this.pastOf(branch) })
          : engine.deleteBranch(SHOP, branch, ADA);
      case 2:
        return this.branchNames().length < BRANCHES_MAX
          ? engine.resetBranch(SHOP, branch, this.pastOf(branch), ADA)
          : undefined;
      case 3:
      case 4:
        return this.merge(branch, this.pick(this.branchNames()));
      case 5:
        return this.undo(branch);
      case 6: {
        const pin = `pin-${this.serial++}`;
        const { timeline, lsn } = await engine.createPin(SHOP, pin, this.pastOf(branch), ADA);
        return this.pins.set(pin, { timeline, lsn });
      }
      case 7: {
        const run = `run-${this.serial++}`;
        const { timeline, lsn } = await engine.registerRun(SHOP, run, this.pastOf(branch), {});
        return this.runs.set(run, { timeline, lsn });
      }
      case 8:
        return this.index(branch);
      case 9:
        return this.below(3) === 0 ? engine.dropCollection(SHOP, branch, 'orders', ADA) : undefined;
      case 10:
      case 11:
        return this.world.view(branch).collection('items') === undefined
          ? undefined
          : this.world.remove(branch, [this.below(14), this.below(14)]);
      default:
        return this.write(branch);
    }
  }

  /** A ref to some state of a branch that can be read. */
  private pastOf(branch: string): string {
    const { lsn } = this.world.view(branch);
    for (let tries = 0; tries < 4; tries++) {
      const ref = `${branch}@${Math.max(0, lsn - this.below(40))}`;
      try {
        this.world.view(ref);
        return ref;
      } catch (error) {
        if (!isArgonError(error, 'HISTORY_GONE')) {
          throw error;
        }
      }
    }
    return branch;
  }

  private async merge(into: string, from: string): Promise<void> {
    const { engine } = this.world;
    if (into !== from) {
      const { id } = await engine.planMerge(SHOP, from, into, ADA);
      await engine.answerPlan(SHOP, id, [], this.pick(['ours', 'theirs']));
      await engine.applyPlan(SHOP, id, ADA);
    }
  }

  private async undo(branch: string): Promise<void> {
    const { engine } = this.world;
    const last = this.world.view(branch).lsn;
    if (last === 0) {
      return;
    }
    const range = { first: Math.max(1, last - this.below(3)) as typeof last, last };
    const { id } = await engine.planUndo(SHOP, branch, { range }, ADA);
    await engine.answerPlan(SHOP, id, [], 'theirs');
    await engine.applyPlan(SHOP, id, ADA);
  }

  private async index(branch: string): Promise<void> {
    const { engine } = this.world;
    const field = this.pick(INDEXES);
    const name = `${field}_1`;
    const known = this.world.view(branch).collection('items');
    if (known?.indexes.some(index => index.name === name) === true) {
      await engine.write(SHOP, branch, ADA, writer => writer.dropIndex(writer.collection('items')!, name));
    } else {
      await engine.createIndex(SHOP, branch, 'items', image({ key: { [field]: 1 }, name }), ADA);
    }
  }
}

/** Everything a state shows: documents, catalog, figures, and what each index finds. */
export async function tellAll(view: Snapshot): Promise<string> {
  const lines = [...(await dumpOf(view))].map(([key, hex]) => `${key} ${hex}`);
  lines.push(await view.stateDigest());
  for (const collection of view.collections()) {
    lines.push(`${collection.name} ${collection.id} ${collection.options.toString('hex')}`);
    lines.push(`${await view.count(collection)} ${await view.digest(collection)}`);
    for (const index of collection.indexes) {
      const found: string[] = [];
      for await (const { keys } of view.scanIndex(collection, index)) {
        found.push(...keys.map(key => key.toString('hex')));
      }
      lines.push(`${index.name} ${found.join(' ')}`);
    }
  }
  return lines.join('\n');
}
