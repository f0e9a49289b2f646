import type { CommitTime, Lsn, TimelineId } from '../api';
import { type RecentCommit, RecentCommits } from './recent';

function commit(firstLsn: number, count = 1, timeline = 1): RecentCommit {
  const [first, last] = [firstLsn as Lsn, (firstLsn + count - 1) as Lsn];
  return {
    timeline: timeline as TimelineId,
    firstLsn: first,
    lastLsn: last,
    time: BigInt(firstLsn) as CommitTime,
    atomic: false,
    group: { first, last }
  };
}

const firstLsns = (recent: RecentCommits, lsn: number) =>
  [...recent.backwards(lsn as Lsn)].map(({ firstLsn }) => firstLsn);

describe('RecentCommits', () => {
  test('finds commits backwards from an LSN, also one inside a commit', () => {
    const recent = new RecentCommits();
    [commit(3), commit(4, 5), commit(9)].forEach(one => recent.add(one));
    expect(firstLsns(recent, 2)).toEqual([]);
    expect(firstLsns(recent, 3)).toEqual([3]);
    expect(firstLsns(recent, 7)).toEqual([4, 3]);
    expect(firstLsns(recent, 1000)).toEqual([9, 4, 3]);
  });

  test('is what a plain list is, whatever comes and goes', () => {
    const recent = new RecentCommits();
    let plain: number[] = [];
    for (let lsn = 1; lsn <= 2000; lsn++) {
      recent.add(commit(lsn));
      plain.push(lsn);
      // Mostly the oldest, sometimes one from the middle or the newest, sometimes one that is not there.
      const gone =
        lsn % 7 === 0 ? plain[plain.length >> 1]! : lsn % 11 === 0 ? plain.at(-1)! : (plain[0] ?? 0);
      if (lsn % 3 !== 0) {
        recent.remove(gone as Lsn);
        recent.remove(gone as Lsn);
        plain = plain.filter(one => one !== gone);
      }
      expect(recent.length).toBe(plain.length);
    }
    expect(firstLsns(recent, 5000)).toEqual([...plain].reverse());
    for (const lsn of plain) {
      recent.remove(lsn as Lsn);
    }
    expect(recent.length).toBe(0);
    recent.add(commit(9000));
    expect(firstLsns(recent, 9000)).toEqual([9000]);
  });
});
