import type { Lsn, TimelineId } from '@argon/wal-core';
import type { Stretch } from './past';
import { Undos, UNDOS_MAX, type Undo } from './undos';

const SEED = 20_261_122;

/** Numbers below a bound, the same for the same seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const undo = (project: string, timeline: number, lsn: number, first: number, last: number): Undo => ({
  project,
  timeline: timeline as TimelineId,
  first: lsn as Lsn,
  last: lsn as Lsn,
  of: { first: first as Lsn, last: last as Lsn }
});

describe('undos', () => {
  it(`are found as by looking at each, the newest ${UNDOS_MAX} of them (seed ${SEED})`, () => {
    const draw = numbersFrom(SEED);
    const undos = new Undos();
    const all: Undo[] = [];
    for (let lsn = 1_000; all.length < UNDOS_MAX * 2.5; lsn += 2) {
      const first = draw(10) === 0 ? draw(lsn) : Math.max(1, lsn - 1 - draw(50));
      const one = undo(draw(5) === 0 ? 'b' : 'a', draw(3), lsn, first, Math.min(lsn - 1, first + draw(40)));
      all.push(one);
      undos.add(one);
    }
    const kept = all.slice(-UNDOS_MAX);
    let found = 0;
    for (let n = 0; n < 2_000; n++) {
      const project = draw(2) === 0 ? 'a' : 'b';
      const at = 1_000 + draw(UNDOS_MAX * 5);
      const range = { first: at as Lsn, last: (at + draw(3)) as Lsn };
      const past: Stretch[] = [
        { timeline: draw(3) as TimelineId, upTo: (at + draw(2_000)) as Lsn },
        { timeline: 7 as TimelineId, upTo: Infinity as Lsn }
      ];
      const expected = kept.find(
        one =>
          one.project === project &&
          one.timeline === past[0]!.timeline &&
          one.first > range.last &&
          one.last <= past[0]!.upTo &&
          one.of.first <= range.first &&
          range.last <= one.of.last
      );
      expect(undos.next(project, past, range, range.last)).toBe(expected);
      found += expected === undefined ? 0 : 1;
    }
    expect(found).toBeGreaterThan(50);
  });

  it('that are written in parts are one', () => {
    const undos = new Undos();
    const past = [{ timeline: 1 as TimelineId, upTo: Infinity as Lsn }];
    undos.add(undo('a', 1, 100, 10, 20));
    undos.add(undo('a', 1, 101, 10, 20));
    undos.add(undo('a', 1, 103, 10, 20));
    const range = { first: 12 as Lsn, last: 13 as Lsn };
    const first = undos.next('a', past, range, 13 as Lsn);
    expect(first).toMatchObject({ first: 100, last: 101 });
    expect(undos.next('a', past, range, first!.last)).toMatchObject({ first: 103, last: 103 });
  });
});
