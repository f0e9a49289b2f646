import type { CommitTime, Lsn, TimelineId } from '../api';
import { ArgonError, isArgonError } from '../errors';
import { commitTimeAt, commitTimeEnd } from '../log/clock';
import { assertKept } from './kept';
import type { Branch, Project, Timeline } from './model';
import { nearest } from './nearest';
import { parseRef } from './ref';
import type { Registry } from './registry';

/** What a ref means: a timeline at an LSN. */
export interface ResolvedRef {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
  readonly ref: string;
  readonly branch?: string;
  readonly writable: boolean;
  readonly snappedFrom?: Lsn;
}

/** What resolving needs from the readers, so that refs know nothing of how history is stored. */
export interface Positions {
  lsnAt(project: Project, time: CommitTime): Lsn;
  /** Of the newest commit: ahead of a wall clock that was set back. */
  lastCommitTime(): CommitTime;
  /** When `lsn` lies inside an atomic group of the timeline: the LSN before the group. */
  beforeGroup(project: Project, timeline: Timeline, lsn: Lsn): Lsn | undefined;
}

/** Resolves a ref once. @throws REF_INVALID, BRANCH_NOT_FOUND, REF_NOT_FOUND, PIN_NOT_FOUND, RUN_NOT_FOUND, LSN_IN_FUTURE, HISTORY_GONE */
export function resolveRef(
  registry: Registry,
  project: Project,
  text: string,
  nowMs: number,
  positions: Positions
): ResolvedRef {
  // Names of branches hold no sign of any other ref.
  const named = project.branches.get(text);
  if (named !== undefined) {
    return headOf(named);
  }
  const ref = parseRef(text, nowMs);
  switch (ref.kind) {
    case 'branch':
      return headOf(findBranch(project, ref.branch));
    case 'lsn': {
      const branch = findBranch(project, ref.branch);
      return past(project, branch, ref.lsn as Lsn, positions);
    }
    case 'time': {
      const branch = findBranch(project, ref.branch);
      assertCome(ref.atMs, nowMs, positions);
      return past(project, branch, positions.lsnAt(project, commitTimeEnd(ref.atMs)), positions);
    }
    case 'pin': {
      const pin = project.pins.get(ref.name);
      if (pin === undefined) {
        throw new ArgonError(
          'PIN_NOT_FOUND',
          `There is no pin called ${JSON.stringify(ref.name)} in project ${project.name}.`,
          {
            data: suggestion(ref.name, prefixed('pin:', project.pins.keys()))
          }
        );
      }
      return held(registry, text, pin.timeline, pin.lsn);
    }
    case 'run': {
      const run = project.runs.get(ref.id);
      if (run === undefined) {
        throw new ArgonError(
          'RUN_NOT_FOUND',
          `Argon knows no run ${JSON.stringify(ref.id)} in project ${project.name}.`,
          {
            data: suggestion(ref.id, prefixed('run:', project.runs.keys()))
          }
        );
      }
      try {
        return held(registry, text, run.timeline, run.lsn);
      } catch (error) {
        if (run.releasedAt === undefined || !isArgonError(error, 'HISTORY_GONE')) {
          throw error;
        }
        throw new ArgonError(
          'HISTORY_GONE',
          `The state of ${text} is no longer kept: the run was deleted, which was noticed at ${run.releasedAt.toISOString()}.`,
          { data: { ...error.data, ref: text } }
        );
      }
    }
  }
}

function headOf({ name, timeline }: Branch): ResolvedRef {
  const lsn = timeline.durableHead;
  return { timeline, lsn, ref: `${name}@${lsn}`, branch: name, writable: true };
}

function past(project: Project, branch: Branch, lsn: Lsn, positions: Positions): ResolvedRef {
  const found = resolveLsn(project, branch.timeline, lsn, positions);
  return {
    timeline: branch.timeline,
    ref: `${branch.name}@${found.lsn}`,
    branch: branch.name,
    writable: false,
    ...found
  };
}

/**
 * A time that has not come names no state: whatever is written until then would still change it.
 * @throws LSN_IN_FUTURE
 */
function assertCome(atMs: number, nowMs: number, positions: Positions): void {
  if (atMs > nowMs && commitTimeAt(atMs) > positions.lastCommitTime()) {
    const time = new Date(atMs).toISOString();
    throw new ArgonError(
      'LSN_IN_FUTURE',
      `${time} has not come yet; the clock of the engine says ${new Date(nowMs).toISOString()}.`,
      { data: { time } }
    );
  }
}

/**
 * What an LSN of a timeline means: itself, or the state before the atomic group that it lies in.
 * @throws LSN_IN_FUTURE, HISTORY_GONE
 */
export function resolveLsn(
  project: Project,
  timeline: Timeline,
  lsn: Lsn,
  positions: Positions
): { lsn: Lsn; snappedFrom?: Lsn } {
  if (lsn > project.durableHead) {
    throw new ArgonError(
      'LSN_IN_FUTURE',
      `LSN ${lsn} has not been written yet; the newest of project ${project.name} is ${project.durableHead}.`,
      { data: { lsn, head: project.durableHead } }
    );
  }
  assertComplete(project, timeline, lsn);
  const before = positions.beforeGroup(project, timeline, lsn);
  assertKept(timeline, before ?? lsn);
  return before === undefined ? { lsn } : { lsn: before, snappedFrom: lsn };
}

/** @throws LSN_IN_FUTURE when a large commit that belongs to the state is on its way into it */
function assertComplete(project: Project, timeline: Timeline, lsn: Lsn): void {
  for (const [streamed, first] of project.streamed) {
    const link = timeline.chain(lsn).find(candidate => candidate.timeline === streamed);
    if (link !== undefined && link.cap >= first) {
      throw new ArgonError(
        'LSN_IN_FUTURE',
        `A large commit is still on its way into the state; LSN ${lsn} can be read when it is there.`,
        { data: { lsn, head: first - 1 } }
      );
    }
  }
}

function held(registry: Registry, ref: string, id: TimelineId, lsn: Lsn): ResolvedRef {
  const timeline = registry.timeline(id);
  if (timeline === undefined) {
    throw new ArgonError('HISTORY_GONE', `The state of ${ref} is no longer kept.`, { data: { ref } });
  }
  assertKept(timeline, lsn);
  const branch = registry.branchOf(timeline);
  return { timeline, lsn, ref, writable: false, ...(branch === undefined ? {} : { branch: branch.name }) };
}

/** A branch by the name in a ref. Who left out the `pin:` or `run:` of another ref is told so. */
function findBranch(project: Project, name: string): Branch {
  const branch = project.branches.get(name);
  if (branch !== undefined) {
    return branch;
  }
  const shown = JSON.stringify(name);
  for (const [kind, names] of [
    ['pin', project.pins],
    ['run', project.runs]
  ] as const) {
    if (names.has(name)) {
      throw new ArgonError(
        'REF_NOT_FOUND',
        `There is no branch called ${shown} in project ${project.name}; it is the name of a ${kind}, whose ref begins with "${kind}:".`,
        { data: { name, nearest: `${kind}:${name}` } }
      );
    }
  }
  throw new ArgonError(
    'REF_NOT_FOUND',
    `There is no branch, pin or run called ${shown} in project ${project.name}.`,
    {
      data: suggestion(name, [
        ...Array.from(project.branches.keys(), branch => ({ name: branch, ref: branch })),
        ...prefixed('pin:', project.pins.keys())
      ])
    }
  );
}

interface Named {
  readonly name: string;
  readonly ref: string;
}

function prefixed(prefix: 'pin:' | 'run:', names: Iterable<string>): Named[] {
  return Array.from(names, name => ({ name, ref: `${prefix}${name}` }));
}

/** The ref that was probably meant, beside the name that was given. */
function suggestion(name: string, refs: readonly Named[]): Record<string, string> {
  const near = nearest(
    name,
    refs.map(each => each.name)
  );
  const found = refs.find(each => each.name === near);
  return found === undefined ? { name } : { name, nearest: found.ref };
}
