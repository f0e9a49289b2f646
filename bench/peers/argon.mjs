/** The engine itself, in this process. */
import { join } from 'node:path';
import { BenchProject, COLLECTION, ORIGIN, PROJECT, keyOf } from '../engine/bench-project.mjs';
import { timed } from '../timed.mjs';

/** @implements {import('./peer.mjs').Peer} */
export class ArgonPeer {
  name = 'Argon';

  static async open(directory) {
    return new ArgonPeer(await BenchProject.open(join(directory, 'argon')));
  }

  constructor(project) {
    this.project = project;
    this.engine = project.engine;
  }

  async load(count) {
    await this.project.load(count, 5_000);
    await this.project.settle();
  }

  async branch(name) {
    this.before = `main@${this.project.head().lsn}`;
    return (await timed(() => this.engine.createBranch(PROJECT, name, ORIGIN, { from: 'main' }))).ms;
  }

  async update(name, ids) {
    const { ms } = await timed(() => this.project.updateMany(ids, name));
    await this.project.settle();
    return ms;
  }

  async diff(name) {
    return timed(
      async () => (await this.engine.diff(PROJECT, 'main', name, { limit: 10_000 })).documents.length
    );
  }

  async merge(name) {
    const { ms } = await timed(async () => {
      const plan = await this.engine.planMerge(PROJECT, name, 'main', ORIGIN);
      await this.engine.applyPlan(PROJECT, plan.id, ORIGIN);
    });
    const { documents } = await this.engine.diff(PROJECT, this.before, 'main', { limit: 10_000 });
    return { ms, found: documents.length };
  }

  async readsBefore(ids) {
    const state = this.engine.resolve(PROJECT, this.before);
    const collection = state.collection(COLLECTION);
    return timed(async () => ids.filter(id => state.get(collection, keyOf(id)) !== undefined).length);
  }

  async scanBefore() {
    return timed(async () => {
      const state = this.engine.resolve(PROJECT, this.before);
      let found = 0;
      for await (const { images } of state.scan(state.collection(COLLECTION))) {
        found += images.length;
      }
      return found;
    });
  }

  async bytes() {
    const { logBytes, stateBytes } = this.engine.status();
    return logBytes + stateBytes;
  }

  close() {
    return this.project.close();
  }
}
