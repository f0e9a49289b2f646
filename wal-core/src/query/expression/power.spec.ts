import { power } from './power';

describe('power', () => {
  it('is correctly rounded for whole exponents', () => {
    expect(power(100, -2)).toBe(0.0001);
    expect(power(10, -5)).toBe(1e-5);
    for (let n = -323; n <= 308; n++) expect([n, power(10, n)]).toEqual([n, Number(`1e${n}`)]);
    expect(power(3, 40)).toBe(12157665459056929000);
    expect(power(-2, 3)).toBe(-8);
    expect(power(2, -1074)).toBe(5e-324);
    expect(power(1.5, 2)).toBe(2.25);
  });

  it('keeps the special cases of C', () => {
    expect(power(1, NaN)).toBe(1);
    expect(power(-1, Infinity)).toBe(1);
    expect(power(5, 0)).toBe(1);
    expect(power(2, 5000)).toBe(Infinity);
    expect(power(2, 0.5)).toBe(Math.SQRT2);
  });
});
