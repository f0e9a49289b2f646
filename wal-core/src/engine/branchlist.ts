import type { BranchInfo, BranchPage, BranchPageOptions } from '../api';
import type { Branch, Project, Timeline } from '../branch/model';
import { countMissing, type Reach, type Seen, seenBy } from '../branch/seen';
import { Smallest } from '../branch/smallest';
import { ArgonError } from '../errors';
import { instantOf } from '../log/clock';
import type { Core } from './core';

const BRANCHES_PAGE_DEFAULT = 1_000;

/** What is told of branches: where they are, and how far ahead of the default branch and behind it. */
export class BranchList {
  constructor(private readonly core: Core) {}

  all(project: Project): BranchInfo[] {
    const main = this.seenByDefault(project);
    return [...project.branches.values()]
      .sort(orderOf(project))
      .map(branch => this.info(project, branch, main));
  }

  /** A page of the same list; only the branches on it are looked at closely. */
  page(project: Project, options: BranchPageOptions): BranchPage {
    const { search, letters, after, limit = BRANCHES_PAGE_DEFAULT } = options;
    const words = search?.toLowerCase();
    const asked = letters?.toLowerCase();
    const mark = after === undefined ? undefined : project.branches.get(after);
    if (after !== undefined && mark === undefined) {
      throw new ArgonError(
        'BAD_REQUEST',
        `\`after\` names ${JSON.stringify(after)}, which is not on the list any more.`,
        { data: { after } }
      );
    }
    const order = letters === undefined ? orderOf(project) : begunFirst(letters, orderOf(project));
    const first = new Smallest<Branch>(limit + 1, order);
    let total = 0;
    for (const branch of project.branches.values()) {
      const name = words === undefined && asked === undefined ? '' : branch.name.toLowerCase();
      if (
        (words === undefined || name.includes(words)) &&
        (asked === undefined || holdsLetters(name, asked))
      ) {
        total++;
        if (mark === undefined || order(mark, branch) < 0) {
          first.add(branch);
        }
      }
    }
    const found = first.sorted();
    const main = this.seenByDefault(project);
    const branches = found.slice(0, limit).map(branch => this.info(project, branch, main));
    const last = branches.at(-1);
    return { branches, total, ...(found.length > limit && last !== undefined ? { next: last.name } : {}) };
  }

  private seenByDefault(project: Project): Seen | undefined {
    const main = project.branches.get(project.defaultBranch);
    return main === undefined ? undefined : seenBy(project, headReach(main.timeline));
  }

  info(project: Project, branch: Branch, main = this.seenByDefault(project)): BranchInfo {
    const { timeline } = branch;
    const mine = seenBy(project, headReach(timeline));
    const theirs = main ?? mine;
    const headAt =
      timeline.durableCount === 0
        ? branch.createdAt
        : instantOf(this.core.timeAt(timeline, timeline.durableHead));
    return {
      name: branch.name,
      timeline: timeline.id,
      head: timeline.durableHead,
      headAt,
      createdAt: branch.createdAt,
      isDefault: branch.name === project.defaultBranch,
      isProtected: branch.isProtected,
      ...(branch.checks === undefined ? {} : { checks: branch.checks }),
      ...this.fork(timeline),
      ...(branch.backupOf === undefined ? {} : { backupOf: branch.backupOf }),
      ...(branch.expiresAt === undefined ? {} : { expiresAt: branch.expiresAt }),
      ahead: countMissing(mine, theirs),
      behind: countMissing(theirs, mine)
    };
  }

  private fork(timeline: Timeline): Pick<BranchInfo, 'fork'> {
    if (timeline.parent === undefined) {
      return {};
    }
    const branch = this.core.registry.branchOf(timeline.parent)?.name;
    return {
      fork: {
        timeline: timeline.parent.id,
        lsn: timeline.forkLsn,
        ...(branch === undefined ? {} : { branch })
      }
    };
  }
}

/** The default branch first, then the newest head first. */
function orderOf({ defaultBranch }: Project): (a: Branch, b: Branch) => number {
  const rank = ({ name }: Branch) => (name === defaultBranch ? 0 : 1);
  return (a, b) =>
    rank(a) - rank(b) ||
    b.timeline.durableHead - a.timeline.durableHead ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** Branches whose names begin with some letters, then the others, each in their own order. */
function begunFirst(
  letters: string,
  order: (a: Branch, b: Branch) => number
): (a: Branch, b: Branch) => number {
  return (a, b) => Number(b.name.startsWith(letters)) - Number(a.name.startsWith(letters)) || order(a, b);
}

/** Whether a name has some letters in this order, others perhaps between them. */
function holdsLetters(name: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    const found = name.indexOf(letter, at);
    if (found < 0) {
      return false;
    }
    at = found + letter.length;
  }
  return true;
}

/** The newest durable state of a timeline. */
function headReach(timeline: Timeline): Reach {
  return { timeline, lsn: timeline.durableHead, ordinal: timeline.durableCount };
}
