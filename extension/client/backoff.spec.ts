import { backoffMs } from './backoff';

describe('backoffMs', () => {
  it('doubles from half a second', () => {
    expect([0, 1, 2, 3].map(attempt => backoffMs(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
  });

  it('never waits longer than fifteen seconds', () => {
    expect(backoffMs(5, 1)).toBe(15_000);
    expect(backoffMs(5_000, 1)).toBe(15_000);
  });

  it('takes at most a quarter off by chance', () => {
    expect(backoffMs(2, 0)).toBe(1500);
    expect(backoffMs(2, 0.5)).toBe(1750);
  });
});
