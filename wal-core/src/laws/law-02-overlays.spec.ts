import fc from 'fast-check';
import type { Lsn, TimelineId } from '../api';
import { Overlay } from '../overlay/overlay';
import { random, runs } from './chance';

const LINE = 1 as TimelineId;

interface Noted {
  readonly key: number;
  /** Images up to the LSN before it are made now: the overlay is trimmed. */
  readonly trims: boolean;
  readonly looks: boolean;
}

const noted: fc.Arbitrary<Noted> = fc.record({
  key: fc.nat({ max: 30 }),
  trims: fc.nat({ max: 9 }).map(n => n === 0),
  looks: fc.boolean()
});

describe('law 2: an overlay', () => {
  it(random('has exactly the newest change of each key behind what the images hold, in order'), () => {
    fc.assert(
      fc.property(fc.array(noted, { minLength: 5, maxLength: 80 }), steps => {
        const overlay = new Overlay(0 as Lsn);
        const newest = new Map<string, number>();
        let held = 0;
        steps.forEach(({ key, trims, looks }, at) => {
          const lsn = at + 1;
          const name = String.fromCharCode(key);
          overlay.add(name, LINE, lsn as Lsn, Buffer.alloc(5, key));
          newest.set(name, lsn);
          if (trims) {
            held = lsn - 1;
            overlay.trim(held as Lsn);
          }
          if (looks || trims || at === steps.length - 1) {
            const expected = [...newest]
              .filter(([, last]) => last > held)
              .sort(([a], [b]) => (a < b ? -1 : 1));
            const found = overlay.lists().flatMap(list => {
              expect(list.map(entry => entry.key)).toEqual([...list].map(entry => entry.key).sort());
              return list.map(entry => [entry.key, entry.lsn] as const);
            });
            expect(found.sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(expected);
            expect(overlay.size).toBe(expected.length);
            for (const [name, last] of expected) {
              expect(overlay.get(name)?.lsn).toBe(last);
            }
          }
        });
      }),
      runs<[Noted[]]>(200)
    );
  });
});
