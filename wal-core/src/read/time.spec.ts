import { ADA, World } from '../laws/world';
import { commitTimeAt } from '../log/clock';

describe('commit times', () => {
  it('a time before the first commit is LSN 0, applied or not', async () => {
    const world = await World.open();
    try {
      const start = world.clock.now;
      await world.put('main', [{ _id: 1 }]);
      const early = commitTimeAt(start - 60_000);
      expect(world.engine.lsnAt('shop', early)).toBe(0);
      await world.engine.diff('shop', 'main', 'main');
      expect(world.engine.lsnAt('shop', early)).toBe(0);
      expect(world.view('main@-1m').lsn).toBe(0);
      await world.engine.createBranch('shop', 'exp', ADA);
      expect(world.view('exp@-1m').lsn).toBe(0);
    } finally {
      await world.close();
    }
  });
});
