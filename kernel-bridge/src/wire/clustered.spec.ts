import type { Db } from 'mongodb';
import { TestBridge } from './testing';

describe('collections that say how they lie', () => {
  let bridge: TestBridge;
  let db: Db;
  const optionsOf = async (name: string): Promise<unknown> =>
    (await db.listCollections({ name }).toArray()).map(each =>
      'options' in each ? each.options : undefined
    )[0];

  beforeAll(async () => {
    bridge = await TestBridge.start();
    db = (await bridge.client()).db('shop');
  });
  afterAll(() => bridge.stop());

  it('are clustered by _id when they are told to, and say so', async () => {
    await db.createCollection('items', { clusteredIndex: { key: { _id: 1 }, unique: true, name: 'mine' } });
    const index = { v: 2, key: { _id: 1 }, name: 'mine', unique: true };
    expect(await optionsOf('items')).toEqual({ clusteredIndex: index });
    expect(await db.collection('items').listIndexes().toArray()).toEqual([{ ...index, clustered: true }]);
  });

  it('cannot be clustered by anything else', async () => {
    for (const clusteredIndex of [
      { key: { _id: -1 }, unique: true },
      { key: { a: 1 }, unique: true },
      { key: { _id: 1, a: 1 }, unique: true },
      { key: { _id: -1 }, unique: true }
    ]) {
      await expect(db.createCollection('wrong', { clusteredIndex })).rejects.toMatchObject({ code: 197 });
    }
    await expect(
      db.createCollection('wrong', { clusteredIndex: { key: { _id: 1 }, unique: false } })
    ).rejects.toMatchObject({ code: 5979700 });
    await expect(db.command({ create: 'wrong', clusteredIndex: { key: { _id: 1 } } })).rejects.toMatchObject({
      code: 40414
    });
  });

  it('keep whether change streams may ask for images, as mongod shows it', async () => {
    const images = (enabled: unknown): object => ({ changeStreamPreAndPostImages: { enabled } });
    await db.createCollection('on', images(true));
    await db.createCollection('off', images(false));
    expect([await optionsOf('on'), await optionsOf('off')]).toEqual([images(true), {}]);
    await db.command({ collMod: 'off', ...images(true) });
    await db.command({ collMod: 'on', ...images(false) });
    expect([await optionsOf('on'), await optionsOf('off')]).toEqual([{}, images(true)]);
    await expect(db.command({ collMod: 'on', ...images(1) })).rejects.toMatchObject({ code: 14 });
    await expect(db.command({ collMod: 'on', changeStreamPreAndPostImages: {} })).rejects.toMatchObject({
      code: 40414
    });
  });
});
