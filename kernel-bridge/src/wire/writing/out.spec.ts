import { MongoClient, type Db } from 'mongodb';
import { OUT_BYTES_MAX } from '../limits';
import { TestBridge } from '../testing';

jest.setTimeout(180_000);

const DOCUMENTS = 12;
const TEXT = 'x'.repeat(Math.ceil(OUT_BYTES_MAX / DOCUMENTS) + 1_000);

let bridge: TestBridge;
let client: MongoClient;
let db: Db;

beforeAll(async () => {
  bridge = await TestBridge.start();
  client = new MongoClient(`mongodb://127.0.0.1:${bridge.port}/?directConnection=true`);
  db = client.db('shop');
  for (let n = 0; n < DOCUMENTS; n++) {
    await db.collection<{ _id: number }>('from').insertOne({ _id: n, n, text: TEXT } as { _id: number });
  }
});
afterAll(async () => {
  await client.close();
  await bridge.stop();
});

const names = async (): Promise<string[]> =>
  (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort();
const out = (to: string, ...stages: object[]): Promise<unknown> =>
  db
    .collection('from')
    .aggregate([...stages, { $out: to }])
    .toArray();

describe('$out of more than fits one commit', () => {
  it('makes a collection, and takes the place of one with its options and indexes', async () => {
    await out('made');
    expect(await db.collection('made').countDocuments()).toBe(DOCUMENTS);
    await db.createCollection('kept', { validator: { n: { $gte: 0 } } });
    await db.collection('kept').createIndex({ n: -1 }, { unique: true, name: 'by n' });
    await db.collection('kept').insertMany([{ n: 1_000 }, { n: 2_000 }]);
    await out('kept');
    expect(
      await db
        .collection('kept')
        .find({}, { projection: { text: 0 }, sort: { n: -1 } })
        .toArray()
    ).toEqual(
      Array.from({ length: DOCUMENTS }, (_, i) => ({ _id: DOCUMENTS - 1 - i, n: DOCUMENTS - 1 - i }))
    );
    const [info] = await db.listCollections({ name: 'kept' }).toArray();
    expect(info).toMatchObject({ options: { validator: { n: { $gte: 0 } } } });
    expect((await db.collection('kept').indexes()).map(({ name }) => name)).toEqual(['_id_', 'by n']);
    expect(await names()).toEqual(['from', 'kept', 'made']);
  });

  it('changes nothing when it fails: a document not valid, a key there twice', async () => {
    await db.createCollection('strict', { validator: { n: { $lt: DOCUMENTS - 1 } } });
    await db.collection('strict').insertOne({ n: 1 });
    await expect(out('strict')).rejects.toMatchObject({ code: 121 });
    await db.collection('unique').createIndex({ m: 1 }, { unique: true });
    await db.collection('unique').insertOne({ m: 1 });
    await expect(out('unique', { $set: { m: { $mod: ['$n', DOCUMENTS - 1] } } })).rejects.toMatchObject({
      code: 11000
    });
    expect(await db.collection('strict').countDocuments()).toBe(1);
    expect(await db.collection('unique').countDocuments()).toBe(1);
    expect((await names()).filter(name => name.startsWith('tmp.'))).toEqual([]);
  });
});
