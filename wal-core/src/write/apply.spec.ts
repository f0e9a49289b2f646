import { ADA, SHOP, World } from '../laws/world';
import { APPLY_DELAY_MS } from '../limits';
import { nextTurn } from '../log/pace';

const BRANCHES = 60;

it('first changes of many branches go into the state one after another, without a wait before each', async () => {
  const world = await World.open();
  const names = Array.from({ length: BRANCHES }, (_, i) => `b${i}`);
  await Promise.all(names.map(name => world.engine.createBranch(SHOP, name, ADA, { from: 'main' })));
  while (world.engine.status().pendingRecords > 0) {
    await nextTurn();
  }
  const timers = jest.spyOn(global, 'setTimeout');
  await Promise.all(names.map((name, i) => world.put(name, [{ _id: i }])));
  while (world.engine.status().pendingRecords > 0) {
    await nextTurn();
  }
  const waits = timers.mock.calls.filter(([, ms]) => ms === APPLY_DELAY_MS);
  timers.mockRestore();
  await world.close();
  expect(waits.length).toBeLessThan(BRANCHES / 4);
});
