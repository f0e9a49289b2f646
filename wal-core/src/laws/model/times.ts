import type { Lsn } from '../../api';
import { SHOP } from '../world';
import type { BookedCommit } from './book';
import { DEPOT, readable, type Run } from './run';

/**
 * Forgets commits whose times are gone. All that some window reaches are known, but for those that no readable state is
 * of: when nothing is left of what they changed, they are not there any more once the state is made anew.
 */
export function forgetTimes({ book, world }: Run, oldest: number, oldestOfDepot: number): void {
  const left = (
    project: string,
    commits: readonly BookedCommit[],
    mustStay: (commit: BookedCommit) => boolean
  ) => {
    const isKnown = (lsn: number) => readable(() => world.engine.timeOf(project, lsn as Lsn)) !== undefined;
    const gone = commits.filter(({ last }) => !isKnown(last));
    expect(gone.filter(mustStay)).toEqual([]);
    // Of the newest that is gone, the time of its end is known.
    return commits
      .filter(commit => !gone.includes(commit))
      .map(commit => (isKnown(commit.first) ? commit : { ...commit, first: commit.last }));
  };
  const lines = [...book.lines.values()];
  book.commits = left(
    SHOP,
    book.commits,
    ({ first, last }) => last > oldest && lines.some(line => line.has(first, last) && !line.gone.has(last))
  );
  book.depotCommits = left(DEPOT, book.depotCommits, ({ last }) => last > oldestOfDepot);
}
