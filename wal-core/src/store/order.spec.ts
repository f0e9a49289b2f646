import fc from 'fast-check';
import { compareKeys } from './order';

test('keys are ordered as memcmp orders them, short and long', () => {
  const tail = fc.uint8Array({ maxLength: 4 });
  const key = fc
    .tuple(fc.constantFrom(0, 8, 62, 63, 64, 65, 200), tail)
    .map(([shared, rest]) => Buffer.concat([Buffer.alloc(shared, 7), rest]));
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(a, b));
    }),
    { numRuns: 2000 }
  );
});
