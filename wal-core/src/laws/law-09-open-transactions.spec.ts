import { deserialize } from 'bson';
import { allowSeconds } from './chance';
import { ADA, keyOf, SHOP, World } from './world';

allowSeconds(60);

it('law 9: what an open transaction reads is kept, and goes when it has ended', async () => {
  const world = await World.open();
  const { engine } = world;
  for (let n = 0; n < 5; n++) {
    await world.put('main', [{ _id: 1, n }]);
  }
  const transaction = engine.transaction(ADA);
  const view = await transaction.snapshot(SHOP, 'main');
  const read = () => deserialize(view.get(view.collection('items')!, keyOf(1))!)['n'] as number;
  for (let n = 5; n < 30; n++) {
    await world.put('main', [{ _id: 1, n }]);
  }
  const retention = { keepLsns: 0 };
  const report = await engine.gc({ retention });
  expect(report.kept).toEqual(
    expect.arrayContaining([expect.objectContaining({ kind: 'transaction', name: transaction.id })])
  );
  expect(read()).toBe(4);
  expect(() => world.view(`main@${view.lsn - 1}`)).toThrow(expect.objectContaining({ code: 'HISTORY_GONE' }));
  expect(world.view(`main@${view.lsn}`).lsn).toBe(view.lsn);
  transaction.abort();
  await engine.gc({ retention });
  expect(() => world.view(`main@${view.lsn}`)).toThrow(expect.objectContaining({ code: 'HISTORY_GONE' }));
  expect((await engine.verify()).problems).toEqual([]);
  await world.close();
});
