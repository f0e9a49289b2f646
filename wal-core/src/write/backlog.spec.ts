import { Backlog } from './backlog';

describe('a backlog', () => {
  it('gives what was added in order, and lets each wait for what was there when it asked', async () => {
    const backlog = new Backlog<number>();
    const settled: string[] = [];
    for (let i = 0; i < 5; i++) {
      backlog.push(i);
    }
    const first = backlog.settled().then(() => settled.push('first'));
    expect(backlog.take(3)).toEqual([0, 1, 2]);
    backlog.push(5);
    const second = backlog.settled().then(() => settled.push('second'));
    expect([backlog.at(0), backlog.at(2), backlog.at(3), backlog.length]).toEqual([3, 5, undefined, 3]);
    backlog.finish(3);
    await Promise.resolve();
    expect(settled).toEqual([]);
    expect(backlog.take(2)).toEqual([3, 4]);
    backlog.finish(2);
    await first;
    expect([settled, backlog.isAwaited]).toEqual([['first'], true]);
    expect(backlog.take(1)).toEqual([5]);
    backlog.finish(1);
    await second;
    expect(backlog.isAwaited).toBe(false);
    await backlog.settled();
  });

  it('tells those who wait that it failed, and gives back what was not taken', async () => {
    const backlog = new Backlog<string>();
    backlog.push('taken');
    backlog.push('left');
    backlog.take(1);
    const waiting = backlog.settled();
    expect(backlog.fail(new Error('full'))).toEqual(['left']);
    await expect(waiting).rejects.toThrow('full');
  });
});
