import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import mongoose, { Schema, type Model } from 'mongoose';
import { DRIVER_IN_JEST, TestBridge } from './testing';

const MONGOSH = resolve(__dirname, '../../../node_modules/.bin/mongosh');

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await TestBridge.start();
});
afterAll(() => bridge.stop());

describe('mongoose', () => {
  interface Penguin {
    name: string;
    species: string;
    massGrams?: number;
    tags: string[];
  }
  let connection: mongoose.Connection;
  let Penguins: Model<Penguin>;

  beforeAll(async () => {
    connection = await mongoose
      .createConnection(bridge.uri, { ...DRIVER_IN_JEST, dbName: 'zoo' } as mongoose.ConnectOptions)
      .asPromise();
    const schema = new Schema<Penguin>(
      {
        name: { type: String, required: true, unique: true },
        species: { type: String, index: true },
        massGrams: Number,
        tags: [String]
      },
      { timestamps: true }
    );
    Penguins = connection.model<Penguin>('Penguin', schema);
    await Penguins.init();
  });
  afterAll(() => connection?.close());

  it('makes its indexes, and keeps names unique', async () => {
    expect((await Penguins.collection.indexes()).map(({ name }) => name)).toEqual([
      '_id_',
      'name_1',
      'species_1'
    ]);
    await Penguins.create({ name: 'Pip', species: 'Adelie', massGrams: 3700, tags: ['small'] });
    await expect(Penguins.create({ name: 'Pip', species: 'Gentoo' })).rejects.toMatchObject({ code: 11000 });
  });

  it('creates, finds, changes, counts and deletes documents', async () => {
    await Penguins.insertMany([
      { name: 'Gus', species: 'Gentoo', massGrams: 5200 },
      { name: 'Chi', species: 'Chinstrap', massGrams: 3800, tags: ['loud'] },
      { name: 'Ada', species: 'Adelie' }
    ]);
    const gus = (await Penguins.findOne({ name: 'Gus' }))!;
    gus.tags.push('big', 'calm');
    gus.massGrams = 5300;
    await gus.save();
    expect(await Penguins.findById(gus._id).lean()).toMatchObject({
      massGrams: 5300,
      tags: ['big', 'calm'],
      __v: 1
    });
    const updated = await Penguins.findOneAndUpdate(
      { name: 'Ada' },
      { $set: { massGrams: 3500 } },
      { returnDocument: 'after' }
    );
    expect(updated).toMatchObject({ massGrams: 3500 });
    expect(await Penguins.countDocuments({ massGrams: { $lt: 4000 } })).toBe(3);
    expect(await Penguins.distinct('species')).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    expect(await Penguins.find().sort({ massGrams: -1 }).limit(2).select('name -_id').lean()).toEqual([
      { name: 'Gus' },
      { name: 'Chi' }
    ]);
    const bySpecies = await Penguins.aggregate<{ _id: string; mean: number }>([
      { $group: { _id: '$species', mean: { $avg: '$massGrams' } } },
      { $sort: { _id: 1 } }
    ]);
    expect(bySpecies[0]).toEqual({ _id: 'Adelie', mean: 3600 });
    expect(await Penguins.deleteMany({ species: 'Adelie' })).toMatchObject({ deletedCount: 2 });
    const names: string[] = [];
    for await (const penguin of Penguins.find().sort('name').cursor({ batchSize: 1 })) {
      names.push(penguin.name);
    }
    expect(names).toEqual(['Chi', 'Gus']);
  });

  it('joins documents, keeps to a transaction, and watches', async () => {
    const Island = connection.model('Island', new Schema({ name: String }));
    const Nest = connection.model(
      'Nest',
      new Schema({ eggs: Number, island: { type: Schema.Types.ObjectId, ref: 'Island' } })
    );
    await Promise.all([Island.init(), Nest.init()]);
    const stream = Nest.watch([{ $match: { operationType: 'insert' } }]);
    await new Promise(resolve => stream.once('ready', resolve));
    const told = new Promise<number>(resolve =>
      stream.once('change', (change: { fullDocument: { eggs: number } }) => resolve(change.fullDocument.eggs))
    );
    await connection.transaction(async session => {
      const [dream] = await Island.create([{ name: 'Dream' }], { session });
      await Nest.create([{ eggs: 2, island: dream!._id }], { session });
    });
    await expect(
      connection.transaction(async session => {
        await Nest.deleteMany({}, { session });
        throw new Error('better not');
      })
    ).rejects.toThrow('better not');
    const nest = await Nest.findOne().populate<{ island: { name: string } }>('island');
    expect(nest).toMatchObject({ eggs: 2, island: { name: 'Dream' } });
    expect(await told).toBe(2);
    await stream.close();
  });
});

describe('mongosh', () => {
  it('connects and works', async () => {
    const script = `
      db = db.getSiblingDB('shell');
      db.islands.insertMany([{_id: 1, name: 'Biscoe', area: 2.5}, {_id: 2, name: 'Dream', area: NumberLong(3)}]);
      db.islands.updateOne({_id: 1}, {$set: {visited: true}});
      db.islands.createIndex({name: 1});
      const out = {
        found: db.islands.find({area: {$gt: 2.7}}).toArray(),
        count: db.islands.countDocuments(),
        indexes: db.islands.getIndexes().map(index => index.name),
        names: db.getCollectionNames(),
        databases: db.adminCommand({listDatabases: 1}).databases.map(({name}) => name).filter(name => name === 'shell'),
        group: db.islands.aggregate([{$group: {_id: null, n: {$sum: 1}}}]).toArray(),
        plan: db.islands.find({name: 'Dream'}).explain().queryPlanner.winningPlan.inputStage.indexName,
        stats: db.islands.stats().count,
        updated: db.islands.updateMany({}, [{$set: {double: {$multiply: ['$area', 2]}}}]).modifiedCount,
        upserted: db.islands.replaceOne({_id: 3}, {name: 'Torgersen'}, {upsert: true}).insertedId,
        modified: db.islands.findOneAndUpdate({_id: 3}, {$inc: {n: 1}}, {returnDocument: 'after'}),
        bulk: db.islands.bulkWrite([{insertOne: {document: {_id: 4}}}, {deleteOne: {filter: {_id: 4}}}]).deletedCount,
        distinct: db.islands.distinct('name').length,
        sorted: db.islands.find({}, {_id: 1}).sort({_id: -1}).limit(2).skip(1).toArray(),
        renamed: db.islands.renameCollection('isles').ok,
        sizes: [db.isles.totalSize() > 0, db.isles.dataSize() > 0, db.stats().objects],
        hello: db.hello().isWritablePrimary,
        version: typeof db.version(),
        status: typeof db.serverStatus().uptime,
        host: typeof db.hostInfo().system.hostname,
        ops: Array.isArray(db.currentOp().inprog),
        validate: db.isles.validate().valid,
        dropped: db.isles.dropIndex('name_1').ok,
        transaction: (() => {
          const session = db.getMongo().startSession();
          session.startTransaction();
          session.getDatabase('shell').isles.insertOne({_id: 9});
          const before = db.isles.countDocuments({_id: 9});
          session.commitTransaction();
          session.endSession();
          return [before, db.isles.countDocuments({_id: 9})];
        })(),
        watched: (() => {
          const stream = db.isles.watch();
          stream.tryNext();
          db.isles.insertOne({_id: 10});
          const event = stream.next();
          stream.close();
          return event.documentKey;
        })(),
        gone: db.dropDatabase().ok
      };
      print(EJSON.stringify(out));
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [MONGOSH, bridge.uri, '--quiet', '--norc', '--eval', script],
      { timeout: 60_000, env: { ...process.env, HOME: bridge.directory, MONGOSH_DISABLE_TELEMETRY: '1' } }
    );
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual({
      found: [{ _id: 2, name: 'Dream', area: 3 }],
      count: 2,
      indexes: ['_id_', 'name_1'],
      names: ['islands'],
      databases: ['shell'],
      group: [{ _id: null, n: 2 }],
      plan: 'name_1',
      stats: 2,
      updated: 2,
      upserted: 3,
      modified: { _id: 3, name: 'Torgersen', n: 1 },
      bulk: 1,
      distinct: 3,
      sorted: [{ _id: 2 }, { _id: 1 }],
      renamed: 1,
      sizes: [true, true, 3],
      hello: true,
      version: 'string',
      status: 'number',
      host: 'string',
      ops: true,
      validate: true,
      dropped: 1,
      transaction: [0, 1],
      watched: { _id: 10 },
      gone: 1
    });
  }, 90_000);
});
