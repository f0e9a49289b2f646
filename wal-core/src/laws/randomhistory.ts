import { isArgonError } from '../errors';
import { ADA, SHOP, type World } from './world';

const SIZES = [0, 30, 900, 1500, 6000];
const COLLECTIONS = ['items', 'orders'];

/** Writes and branches drawn from a seed. */
export class History {
  readonly branches = ['main'];
  private made = 0;

  constructor(
    private readonly world: World,
    private readonly draw: (below: number) => number,
    private readonly ids: number
  ) {}

  pick<T>(list: readonly T[]): T {
    return list[this.draw(list.length)]!;
  }

  async step(): Promise<void> {
    const { world } = this;
    const branch = this.pick(this.branches);
    const collection = this.pick(COLLECTIONS);
    switch (this.draw(15)) {
      case 0: {
        const name = `b${this.made++}`;
        const head = world.view(branch).lsn;
        const at = this.draw(2) === 0 ? head : this.draw(head + 1);
        await world.engine.createBranch(SHOP, name, ADA, { from: `${branch}@${at}` });
        this.branches.push(name);
        return;
      }
      case 1: {
        const { lsn: head } = world.view(branch);
        await world.engine
          .resetBranch(SHOP, branch, `${branch}@${this.draw(head + 1)}`, ADA)
          .catch((error: unknown) => {
            if (!isArgonError(error, 'NOTHING_TO_DO')) {
              throw error;
            }
          });
        return;
      }
      case 2:
        if (world.view(branch).collection(collection) !== undefined) {
          await world.remove(
            branch,
            Array.from({ length: 10 }, () => this.draw(this.ids)),
            { collection }
          );
        }
        return;
      case 3:
        if (this.draw(4) === 0) {
          await world.engine.dropCollection(SHOP, branch, collection, ADA);
        }
        return;
      case 4:
        await this.rename(branch, collection);
        return;
      case 5:
        // Images of old states are thinned when they are old enough.
        world.clock.now += this.draw(10) * 24 * 60 * 60 * 1000;
        return;
      default: {
        const start = this.draw(this.ids);
        const isNear = this.draw(2) === 0;
        const documents = Array.from({ length: 1 + this.draw(25) }, (_, i) => ({
          _id: isNear ? (start + i) % this.ids : this.draw(this.ids),
          n: this.draw(1000),
          text: 'x'.repeat(this.pick(SIZES))
        }));
        await world.put(branch, documents, { collection, atomic: this.draw(3) === 0 });
      }
    }
  }

  private async rename(branch: string, collection: string): Promise<void> {
    const to = `${collection}-old`;
    await this.world.engine.write(SHOP, branch, ADA, writer => {
      const found = writer.collection(collection) ?? writer.collection(to);
      if (found !== undefined) {
        const name = found.name === to ? collection : to;
        if (writer.collection(name) === undefined) {
          writer.renameCollection(found, name);
        }
      }
    });
  }
}
