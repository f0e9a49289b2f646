import { createHash } from 'node:crypto';
import { isArgonError, type Engine, type Snapshot } from '@argon/wal-core';
import { bson, keyOf, type TestClient } from '../rpc/harness.testing';

const BY = { actor: 'ann' };
const COLLECTIONS = ['birds', 'sites'];
const IDS = 12;

/** What stands in the way of a step that chance has drawn, and is no fault. */
const REFUSED: ReadonlySet<string> = new Set([
  'BRANCH_NOT_FOUND',
  'COLLECTION_NOT_FOUND',
  'HISTORY_GONE',
  'LSN_IN_FUTURE',
  'NOTHING_TO_DO',
  'PLAN_STALE',
  'REF_NOT_FOUND'
]);

/** A run, with what it saw when it started. */
interface SeenRun {
  readonly id: string;
  readonly digest: string;
  readonly content: string;
  released: boolean;
}

/** A bridge and a client of it; both are others after a restart. */
export interface HistoryBridge {
  readonly engine: Engine;
  readonly client: TestClient;
}

/** A hash of all that a state holds: collections by name, documents as bytes in the order of their keys. */
export async function contentOf(state: Snapshot): Promise<string> {
  const hash = createHash('sha256');
  const infos = [...state.collections()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const info of infos) {
    hash.update(`${info.name}\0`);
    for await (const { images } of state.scan(info)) {
      images.forEach(image => hash.update(image));
    }
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** Writes, branches, merges, resets, deletes, collections and runs in one project, drawn by chance. */
export class RunHistory {
  readonly runs: SeenRun[] = [];
  /** Runs whose state was let go and is no longer there, which they say. */
  gone = 0;
  private readonly branches = ['main'];
  private made = 0;
  private pins = 0;

  constructor(
    private readonly project: string,
    private readonly draw: (below: number) => number,
    private readonly bridge: () => HistoryBridge,
    /** Digests by content, over all histories: the same documents have the same digest, wherever they lie. */
    private readonly digests: Map<string, string>
  ) {}

  async begin(): Promise<void> {
    await this.bridge().engine.createProject(this.project, BY);
  }

  async step(): Promise<void> {
    try {
      await this.act(this.draw(100));
    } catch (error) {
      if (!isArgonError(error) || !REFUSED.has(error.code)) {
        throw error;
      }
    }
  }

  private act(chance: number): Promise<unknown> {
    return chance < 34
      ? this.write()
      : chance < 52
        ? this.startRun()
        : chance < 60
          ? this.makeBranch()
          : chance < 67
            ? this.merge()
            : chance < 73
              ? this.reset()
              : chance < 77
                ? this.dropBranch()
                : chance < 80
                  ? this.dropCollection()
                  : chance < 84
                    ? this.undo()
                    : chance < 87
                      ? this.pin()
                      : chance < 91
                        ? this.release()
                        : this.collect();
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.draw(list.length)]!;
  }

  /** A branch, or a state further back on it. */
  private ref(): string {
    const branch = this.pick(this.branches);
    const { lsn } = this.bridge().engine.resolve(this.project, branch);
    return this.draw(2) === 0 ? branch : `${branch}@${this.draw(lsn + 1)}`;
  }

  private async write(): Promise<void> {
    const branch = this.pick(this.branches);
    await this.bridge().engine.write(this.project, branch, BY, writer => {
      for (let left = 1 + this.draw(4); left > 0; left--) {
        const collection = writer.ensureCollection(this.pick(COLLECTIONS));
        const _id = this.draw(IDS);
        const key = keyOf(_id);
        // Few values, so that the same documents come up on several branches.
        const document = bson({ _id, n: this.draw(3), text: 'x'.repeat(this.draw(20) === 0 ? 3_000 : 8) });
        if (writer.get(collection, key) === undefined) {
          writer.insert(collection, document);
        } else if (this.draw(4) === 0) {
          writer.remove(collection, key);
        } else {
          writer.replace(collection, key, document);
        }
      }
    });
  }

  private async startRun(): Promise<void> {
    const { engine, client } = this.bridge();
    const ref = this.ref();
    const id = `${this.project}-r${this.runs.length}`;
    let state: Snapshot;
    try {
      state = engine.resolve(this.project, ref);
    } catch (error) {
      if (isArgonError(error, 'HISTORY_GONE')) {
        // Then it cannot be registered either.
        const code = await client.refusalCode('run.register', { project: this.project, run: id, ref });
        expect(code).toBe('HISTORY_GONE');
      }
      throw error;
    }
    const content = await contentOf(state);
    const run = await client.call('run.register', { project: this.project, run: id, ref });
    expect(run.lsn).toBe(state.lsn);
    this.runs.push({ id, digest: run.digest, content, released: false });
    const known = this.digests.get(content);
    if (known === undefined) {
      this.digests.set(content, run.digest);
    } else {
      expect({ run: id, digest: run.digest }).toEqual({ run: id, digest: known });
    }
  }

  private async makeBranch(): Promise<void> {
    const name = `b${this.made++}`;
    await this.bridge().engine.createBranch(this.project, name, BY, { from: this.ref() });
    this.branches.push(name);
  }

  private async merge(): Promise<void> {
    const { engine } = this.bridge();
    const plan = await engine.planMerge(this.project, this.pick(this.branches), this.pick(this.branches), BY);
    if (plan.conflicts > 0) {
      await engine.answerPlan(this.project, plan.id, [], this.draw(2) === 0 ? 'ours' : 'theirs');
    }
    await engine.applyPlan(this.project, plan.id, BY);
  }

  private async undo(): Promise<void> {
    const { engine } = this.bridge();
    const branch = this.pick(this.branches);
    const { lsn } = engine.resolve(this.project, branch);
    if (lsn === 0) {
      return;
    }
    const first = (lsn - this.draw(Math.min(lsn, 5))) as typeof lsn;
    const plan = await engine.planUndo(this.project, branch, { range: { first, last: lsn } }, BY);
    if (plan.conflicts > 0) {
      await engine.answerPlan(this.project, plan.id, [], 'theirs');
    }
    await engine.applyPlan(this.project, plan.id, BY);
  }

  private async reset(): Promise<void> {
    const { engine } = this.bridge();
    const branch = this.pick(this.branches);
    const { backup } = await engine.resetBranch(this.project, branch, this.ref(), BY);
    // The line that was left goes too, now and then.
    if (this.draw(2) === 0) {
      await engine.deleteBranch(this.project, backup, BY);
    } else {
      this.branches.push(backup);
    }
  }

  private async dropBranch(): Promise<void> {
    const branch = this.pick(this.branches);
    if (branch !== 'main') {
      await this.bridge().engine.deleteBranch(this.project, branch, BY);
      this.branches.splice(this.branches.indexOf(branch), 1);
    }
  }

  private async dropCollection(): Promise<void> {
    const { engine } = this.bridge();
    await engine.dropCollection(this.project, this.pick(this.branches), this.pick(COLLECTIONS), BY);
  }

  private async pin(): Promise<void> {
    const { engine } = this.bridge();
    if (this.pins > 0 && this.draw(2) === 0) {
      await engine.deletePin(this.project, `p${--this.pins}`, BY);
    } else {
      await engine.createPin(this.project, `p${this.pins}`, this.ref(), BY);
      this.pins++;
    }
  }

  /** A run is deleted for good. */
  private async release(): Promise<void> {
    const held = this.runs.filter(run => !run.released);
    if (held.length > 0) {
      const run = this.pick(held);
      await this.bridge().client.call('run.release', { project: this.project, run: run.id });
      run.released = true;
    }
  }

  private async collect(): Promise<void> {
    const { client } = this.bridge();
    await client.call('keeping.gc', { project: this.project, keepLsns: this.draw(3), apply: true });
  }

  /** Every run opens what it saw, from its id alone; one that was let go may say that it is gone instead. */
  async check(): Promise<void> {
    const { engine, client } = this.bridge();
    this.gone = 0;
    for (const { id, digest, content, released } of this.runs) {
      const ref = `run:${id}`;
      if (released) {
        try {
          engine.resolve(this.project, ref);
        } catch (error) {
          // Gone is a word that a person is told, by every way to the state.
          expect(isArgonError(error) && error.code).toBe('HISTORY_GONE');
          expect(await client.refusalCode('run.get', { run: id })).toBe('HISTORY_GONE');
          expect(await client.refusalCode('ref.collections', { project: this.project, ref })).toBe(
            'HISTORY_GONE'
          );
          this.gone++;
          continue;
        }
      }
      const { run } = await client.call('run.get', { run: id });
      expect(run.digest).toBe(digest);
      const found = await client.call('ref.collections', { project: run.project, ref });
      expect({ id, digest: found.digest }).toEqual({ id, digest });
      expect({ id, content: await contentOf(engine.resolve(run.project, ref)) }).toEqual({ id, content });
    }
  }
}
