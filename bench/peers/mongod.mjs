/** Real mongod where a branch is a full copy of the collection, as people do it today. */
import { timed } from '../timed.mjs';
import { startReference } from '../wire/servers.mjs';
import { document } from '../engine/documents.mjs';
import { deserialize } from 'bson';

/** @implements {import('./peer.mjs').Peer} */
export class MongodPeer {
  name = 'mongod, full copies';

  static async open() {
    return new MongodPeer(await startReference());
  }

  constructor(side) {
    this.side = side;
    this.main = side.db.collection('users');
    this.copies = new Set();
  }

  collection(name) {
    return name === 'main' ? this.main : this.side.db.collection(`users_${name}`);
  }

  async load(count) {
    for (let first = 0; first < count; first += 5_000) {
      const size = Math.min(5_000, count - first);
      await this.main.insertMany(Array.from({ length: size }, (_, i) => deserialize(document(first + i))));
    }
  }

  /** Two copies: the branch, and the state that later work compares with. */
  async branch(name) {
    const { ms } = await timed(() => this.copy(`users_${name}`));
    await this.copy('users_before');
    return ms;
  }

  async copy(to) {
    this.copies.add(to);
    await this.main.aggregate([{ $match: {} }, { $out: to }]).toArray();
  }

  async update(name, ids, value) {
    const { ms } = await timed(() =>
      this.collection(name).bulkWrite(
        ids.map(id => ({ updateOne: { filter: { _id: id }, update: { $set: { n: value } } } }))
      )
    );
    return ms;
  }

  /** Documents of a copy that another one has otherwise. */
  changes(name, other) {
    return [
      { $lookup: { from: other, localField: '_id', foreignField: '_id', as: 'before' } },
      {
        $match: {
          $expr: { $ne: [{ $first: '$before' }, { $unsetField: { field: 'before', input: '$$ROOT' } }] }
        }
      }
    ];
  }

  async diff(name) {
    return timed(
      async () => (await this.collection(name).aggregate(this.changes(name, 'users')).toArray()).length
    );
  }

  /** What changed on the branch since the copy goes into main, where main is still as it was copied. */
  async merge(name) {
    return timed(async () => {
      const changed = await this.collection(name).aggregate(this.changes(name, 'users_before')).toArray();
      const writes = changed.map(({ before, ...next }) => ({
        replaceOne: { filter: before[0], replacement: next }
      }));
      return (await this.main.bulkWrite(writes)).modifiedCount;
    });
  }

  async readsBefore(ids) {
    const before = this.side.db.collection('users_before');
    return timed(async () => {
      let found = 0;
      for (const id of ids) {
        found += (await before.findOne({ _id: id })) === null ? 0 : 1;
      }
      return found;
    });
  }

  async scanBefore() {
    return timed(async () => {
      let found = 0;
      for await (const _ of this.side.db.collection('users_before').find({}, { raw: true })) {
        found++;
      }
      return found;
    });
  }

  async bytes() {
    await this.side.db.admin().command({ fsync: 1 });
    const sizes = ['users', ...this.copies].map(async name => {
      const [{ storageStats }] = await this.side.db
        .collection(name)
        .aggregate([{ $collStats: { storageStats: {} } }])
        .toArray();
      return storageStats.totalSize;
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  close() {
    return this.side.stop();
  }
}
