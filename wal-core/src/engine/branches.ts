import type {
  BranchInfo,
  BranchPage,
  BranchPageOptions,
  Lsn,
  Origin,
  PinInfo,
  ProjectInfo,
  RunInfo,
  TimelineId
} from '../api';
import type { Core } from './core';
import { ArgonError } from '../errors';
import { CHECKS_MAX } from '../limits';
import { instantOf } from '../log/clock';
import type { ControlRecord } from '../log/frame';
import { TABLE, u32 } from '../store/keys';
import type { Branch, Project, Retention, Run, Timeline } from '../branch/model';
import { checkBranchName, checkCheckName, checkProjectName, checkRetention } from '../branch/names';
import { nearest } from '../branch/nearest';
import { Smallest } from '../branch/smallest';
import { control } from '../branch/registry';
import { countMissing, type Reach, type Seen, seenBy } from '../branch/seen';
import type { View } from '../read/snapshot';

export const DEFAULT_BRANCH = 'main';
const BRANCHES_PAGE_DEFAULT = 1_000;

/** Projects, branches, pins and runs: each operation is one small commit, independent of the size of the data. */
export class BranchOffice {
  constructor(private readonly core: Core) {}

  /** @throws NAME_INVALID, PROJECT_EXISTS */
  createProject(name: string, origin: Origin, ensure: boolean): Promise<ProjectInfo> {
    checkProjectName(name);
    const { registry, controlLock } = this.core;
    const known = registry.find(name);
    if (known !== undefined && ensure) {
      return Promise.resolve(this.core.projectInfo(known));
    }
    return controlLock.run(async () => {
      const existing = registry.find(name);
      if (existing !== undefined) {
        if (ensure) {
          return this.core.projectInfo(existing);
        }
        throw new ArgonError('PROJECT_EXISTS', `A project called ${JSON.stringify(name)} exists already.`, {
          data: { name }
        });
      }
      const createdAt = new Date(this.core.wallMs());
      const id = registry.nextProject;
      const timeline = registry.nextTimeline;
      await this.core.putRows(
        [
          control(TABLE.project, 0, u32(id), { name, defaultBranch: DEFAULT_BRANCH, createdAt }),
          timelineRecord(id, timeline, undefined, 0 as Lsn, 0),
          branchRecord(id, { name: DEFAULT_BRANCH, timelineId: timeline, createdAt, isProtected: false })
        ],
        origin
      );
      this.core.emit({ type: 'project', project: name, op: 'create' });
      return this.core.projectInfo(registry.project(name));
    });
  }

  /** @throws PROJECT_NOT_FOUND */
  async deleteProject(name: string, origin: Origin): Promise<void> {
    await this.core.controlLock.run(async () => {
      const project = this.core.registry.project(name);
      await this.core.putRows([control(TABLE.project, 0, u32(project.id), undefined)], origin);
    });
    this.core.emit({ type: 'project', project: name, op: 'delete' });
  }

  branches(project: Project): BranchInfo[] {
    const main = this.seenByDefault(project);
    return [...project.branches.values()]
      .sort(orderOf(project))
      .map(branch => this.info(project, branch, main));
  }

  /** A page of the same list; only the branches on it are looked at closely. */
  page(project: Project, options: BranchPageOptions): BranchPage {
    const { search, after, limit = BRANCHES_PAGE_DEFAULT } = options;
    const words = search?.toLowerCase();
    const mark = after === undefined ? undefined : project.branches.get(after);
    if (after !== undefined && mark === undefined) {
      throw new ArgonError(
        'BAD_REQUEST',
        `\`after\` names ${JSON.stringify(after)}, which is not on the list any more.`,
        { data: { after } }
      );
    }
    const order = orderOf(project);
    const first = new Smallest<Branch>(limit + 1, order);
    let total = 0;
    for (const branch of project.branches.values()) {
      if (words === undefined || branch.name.toLowerCase().includes(words)) {
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
        : instantOf(this.core.timeOf(project, timeline.durableHead));
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

  /** @throws NAME_INVALID, BRANCH_EXISTS, and what resolving `from` throws */
  createBranch(
    projectName: string,
    name: string,
    origin: Origin,
    options: { from?: string; ensure?: boolean; expiresAt?: Date }
  ): Promise<BranchInfo> {
    checkBranchName(name);
    const { registry, controlLock } = this.core;
    return controlLock.run(async () => {
      const project = registry.project(projectName);
      const existing = project.branches.get(name);
      if (existing !== undefined) {
        if (options.ensure === true) {
          return this.info(project, existing);
        }
        throw new ArgonError(
          'BRANCH_EXISTS',
          `A branch called ${JSON.stringify(name)} exists already in project ${projectName}.`,
          {
            data: { name }
          }
        );
      }
      const view = this.core.resolve(projectName, options.from ?? project.defaultBranch);
      const id = registry.nextTimeline;
      await this.core.putRows(
        [
          await this.forkRecord(project, id, view),
          branchRecord(project.id, {
            name,
            timelineId: id,
            createdAt: new Date(this.core.wallMs()),
            isProtected: false,
            expiresAt: options.expiresAt
          })
        ],
        origin
      );
      this.core.emit({ type: 'branch', project: projectName, op: 'create', branch: name });
      return this.info(project, registry.branch(project, name));
    });
  }

  /** The row of a new timeline that starts at a state. */
  private async forkRecord(project: Project, id: TimelineId, view: View): Promise<ControlRecord> {
    const { timeline } = view.chain[0]!;
    return timelineRecord(project.id, id, timeline, view.lsn, await this.forkOrdinal(project, view));
  }

  /** Changes of the timeline that a state stands on, up to it; mostly known without asking the state on disk. */
  private async forkOrdinal(project: Project, view: View): Promise<number> {
    const { timeline } = view.chain[0]!;
    if (view.lsn >= timeline.durableHead) {
      return timeline.durableCount;
    }
    for (let child: Timeline | undefined = view.line; child !== undefined; child = child.parent) {
      if (child.parent === timeline && child.forkLsn === view.lsn) {
        return child.forkOrdinal;
      }
    }
    if (project.recent.some(commit => commit.timeline === timeline.id && commit.firstLsn <= view.lsn)) {
      await this.core.caughtUp();
    }
    return this.core.line.ordinalAt(timeline, view.lsn);
  }

  /** @throws BRANCH_NOT_FOUND, BRANCH_EXISTS, NAME_INVALID, BRANCH_PROTECTED for the default branch */
  renameBranch(projectName: string, name: string, to: string, origin: Origin): Promise<BranchInfo> {
    checkBranchName(to);
    return this.move(projectName, name, async (project, branch) => {
      this.assertNotDefault(project, branch, 'renamed');
      if (project.branches.has(to)) {
        throw new ArgonError('BRANCH_EXISTS', `A branch called ${JSON.stringify(to)} exists already.`, {
          data: { name: to }
        });
      }
      await this.core.putRows(
        [branchRecord(project.id, { ...stored(branch), name: to }), removal(project, name)],
        origin
      );
      this.core.emit({ type: 'branch', project: projectName, op: 'rename', branch: to, previous: name });
      return this.info(project, this.core.registry.branch(project, to));
    });
  }

  protectBranch(
    projectName: string,
    name: string,
    isProtected: boolean,
    origin: Origin,
    checks: readonly string[] = []
  ): Promise<BranchInfo> {
    if (checks.length > CHECKS_MAX) {
      throw new ArgonError('LIMIT_EXCEEDED', `A branch asks for at most ${CHECKS_MAX} checks.`, {
        data: { limit: CHECKS_MAX, value: checks.length }
      });
    }
    checks.forEach(checkCheckName);
    return this.move(projectName, name, async (project, branch) => {
      const asked = isProtected && checks.length > 0 ? [...new Set(checks)] : undefined;
      await this.core.putRows(
        [branchRecord(project.id, { ...stored(branch), isProtected, checks: asked })],
        origin
      );
      this.core.emit({ type: 'branch', project: projectName, op: 'protect', branch: name });
      return this.info(project, this.core.registry.branch(project, name));
    });
  }

  /** @throws PROJECT_NOT_FOUND, BRANCH_NOT_FOUND, BAD_REQUEST */
  async setRetention(
    projectName: string,
    retention: Retention | undefined,
    origin: Origin,
    name: string | undefined
  ): Promise<void> {
    checkRetention(retention);
    await this.core.controlLock.run(async () => {
      const { registry } = this.core;
      const project = registry.project(projectName);
      const row =
        name === undefined
          ? control(TABLE.retention, project.id, Buffer.alloc(0), retention && { ...retention })
          : branchRecord(project.id, { ...stored(registry.branch(project, name)), retention });
      await this.core.putRows([row], origin);
    });
  }

  /** @throws BRANCH_PROTECTED for a protected branch and for the default branch */
  deleteBranch(projectName: string, name: string, origin: Origin): Promise<void> {
    return this.move(projectName, name, async (project, branch) => {
      this.assertNotDefault(project, branch, 'deleted');
      assertUnprotected(branch, 'deleted');
      await this.core.putRows([removal(project, name)], origin);
      this.core.emit({ type: 'branch', project: projectName, op: 'delete', branch: name });
    });
  }

  /** Deletes the branches whose time is over; answers `project/branch` of each. */
  async expire(origin: Origin): Promise<string[]> {
    const expired: string[] = [];
    for (const { project, branch } of this.core.registry.expired(this.core.wallMs())) {
      // It may have been kept, or have gone, while others were deleted.
      if (!branch.isProtected && project.branches.get(branch.name) === branch) {
        await this.deleteBranch(project.name, branch.name, origin);
        expired.push(`${project.name}/${branch.name}`);
      }
    }
    return expired;
  }

  /** A backup name that is free: `backup/<branch>-<head>`. */
  backupName(projectName: string, name: string): string {
    const project = this.core.registry.project(projectName);
    const branch = this.core.registry.branch(project, name);
    const base = `backup/${name}-${branch.timeline.durableHead}`;
    for (let i = 1; ; i++) {
      const candidate = i === 1 ? base : `${base}.${i}`;
      if (!project.branches.has(candidate)) {
        return candidate;
      }
    }
  }

  /** The name and the rows of a branch that keeps the head of another. Its writers must wait until they are logged. */
  backupRows(project: Project, branch: Branch): { name: string; rows: ControlRecord[] } {
    const { timeline } = branch;
    const name = this.backupName(project.name, branch.name);
    const timelineId = this.core.registry.nextTimeline;
    const createdAt = new Date(this.core.wallMs());
    return {
      name,
      rows: [
        timelineRecord(project.id, timelineId, timeline, timeline.durableHead, timeline.durableCount),
        branchRecord(project.id, {
          name,
          timelineId,
          createdAt,
          isProtected: false,
          backupOf: branch.name
        })
      ]
    };
  }

  /** Points a branch to a new timeline forked at `to`; nothing is lost: the old one keeps a backup name. */
  resetBranch(
    projectName: string,
    name: string,
    to: string,
    origin: Origin
  ): Promise<{ branch: BranchInfo; backup: string }> {
    return this.move(projectName, name, async (project, branch) => {
      assertUnprotected(branch, 'reset');
      const view = this.core.resolve(projectName, to);
      if (view.line === branch.timeline && view.lsn >= branch.timeline.durableHead) {
        throw new ArgonError('NOTHING_TO_DO', `${name} is at ${view.ref} already.`, {
          data: { ref: view.ref }
        });
      }
      const backup = this.backupName(projectName, name);
      const id = this.core.registry.nextTimeline;
      const createdAt = new Date(this.core.wallMs());
      await this.core.putRows(
        [
          await this.forkRecord(project, id, view),
          branchRecord(project.id, { ...stored(branch), timelineId: id }),
          branchRecord(project.id, {
            name: backup,
            timelineId: branch.timeline.id,
            createdAt,
            isProtected: false,
            backupOf: name
          })
        ],
        origin
      );
      this.core.emit({ type: 'branch', project: projectName, op: 'reset', branch: name, previous: backup });
      return { branch: this.info(project, this.core.registry.branch(project, name)), backup };
    });
  }

  /** Runs a change of where a branch points while its writers wait. */
  private move<T>(
    projectName: string,
    name: string,
    change: (project: Project, branch: Branch) => Promise<T>
  ): Promise<T> {
    const { registry, controlLock } = this.core;
    return controlLock.run(() => {
      const project = registry.project(projectName);
      const { timeline } = registry.branch(project, name);
      return this.core.timelineLock(timeline).run(async () => {
        await this.core.log.settled();
        return change(project, registry.branch(project, name));
      });
    });
  }

  private assertNotDefault(project: Project, branch: Branch, verb: string): void {
    if (branch.name === project.defaultBranch) {
      throw new ArgonError(
        'BRANCH_PROTECTED',
        `${branch.name} is the default branch of ${project.name} and cannot be ${verb}.`,
        {
          data: { branch: branch.name }
        }
      );
    }
  }

  pins(project: Project): PinInfo[] {
    return [...project.pins.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws NAME_INVALID, PIN_EXISTS (also with `ensure`, when it names another state) */
  createPin(
    projectName: string,
    name: string,
    ref: string,
    origin: Origin,
    ensure: boolean
  ): Promise<PinInfo> {
    checkBranchName(name, 'pin');
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const view = this.core.resolve(projectName, ref);
      const known = project.pins.get(name);
      if (known !== undefined) {
        if (ensure && known.timeline === view.timeline && known.lsn === view.lsn) {
          return known;
        }
        throw new ArgonError(
          'PIN_EXISTS',
          `The pin ${JSON.stringify(name)} names ${known.ref} already. Pins do not move; delete it first.`,
          {
            data: { name, ref: known.ref }
          }
        );
      }
      const value = {
        timeline: view.timeline,
        lsn: view.lsn,
        ref: view.ref,
        createdAt: new Date(this.core.wallMs()),
        origin
      };
      await this.core.putRows([control(TABLE.pin, project.id, Buffer.from(name), value)], origin);
      this.core.emit({ type: 'pin', project: projectName, op: 'create', pin: name });
      return project.pins.get(name)!;
    });
  }

  /** @throws PIN_NOT_FOUND */
  deletePin(projectName: string, name: string, origin: Origin): Promise<void> {
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      if (!project.pins.has(name)) {
        const near = nearest(name, project.pins.keys());
        throw new ArgonError('PIN_NOT_FOUND', `There is no pin called ${JSON.stringify(name)}.`, {
          data: near === undefined ? { name } : { name, nearest: near }
        });
      }
      await this.core.putRows([control(TABLE.pin, project.id, Buffer.from(name), undefined)], origin);
      this.core.emit({ type: 'pin', project: projectName, op: 'delete', pin: name });
    });
  }

  /** Remembers the state a run saw. The same run again with another state is refused. */
  registerRun(
    projectName: string,
    id: string,
    ref: string,
    facts: Readonly<Record<string, string>>
  ): Promise<RunInfo> {
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const view = this.core.resolve(projectName, ref);
      const known = project.runs.get(id);
      const run = known ?? {
        id,
        timeline: view.timeline,
        lsn: view.lsn,
        digest: await view.stateDigest(),
        createdAt: new Date(this.core.wallMs()),
        facts: {},
        ...(view.branch === undefined ? {} : { branch: view.branch })
      };
      await this.putRun(project, { ...run, facts: { ...run.facts, ...facts } });
      return this.runInfo(project, id);
    });
  }

  /** @throws RUN_NOT_FOUND */
  updateRun(projectName: string, id: string, facts: Readonly<Record<string, string>>): Promise<RunInfo> {
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const run = this.knownRun(project, id);
      await this.putRun(project, { ...run, facts: { ...run.facts, ...facts } });
      return this.runInfo(project, id);
    });
  }

  private async putRun(project: Project, run: Run): Promise<void> {
    const { id, ...value } = run;
    await this.core.putRows([control(TABLE.run, project.id, Buffer.from(id), value)], { actor: 'mlflow' });
    this.core.emit({ type: 'run', project: project.name, run: id });
  }

  private knownRun(project: Project, id: string): Run {
    const run = project.runs.get(id);
    if (run === undefined) {
      throw runNotFound(id);
    }
    return run;
  }

  runInfo(project: Project, id: string): RunInfo {
    return { ...this.knownRun(project, id), project: project.name };
  }

  /** A run of any project. @throws RUN_NOT_FOUND */
  run(id: string): RunInfo {
    const project = this.core.registry.projectOfRun(id);
    if (project === undefined) {
      throw runNotFound(id);
    }
    return this.runInfo(project, id);
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

function runNotFound(id: string): ArgonError {
  return new ArgonError('RUN_NOT_FOUND', `Argon knows no run ${JSON.stringify(id)}.`, { data: { run: id } });
}

function assertUnprotected(branch: Branch, verb: string): void {
  if (branch.isProtected) {
    throw new ArgonError(
      'BRANCH_PROTECTED',
      `${branch.name} is protected and cannot be ${verb}. It takes merges only.`,
      {
        data: { branch: branch.name }
      }
    );
  }
}

interface StoredBranch {
  readonly name: string;
  readonly timelineId: TimelineId;
  readonly createdAt: Date;
  readonly isProtected: boolean;
  readonly checks?: readonly string[] | undefined;
  readonly backupOf?: string | undefined;
  readonly expiresAt?: Date | undefined;
  readonly retention?: Retention | undefined;
}

function stored(branch: Branch): StoredBranch {
  return { ...branch, timelineId: branch.timeline.id };
}

function branchRecord(project: number, branch: StoredBranch): ControlRecord {
  return control(TABLE.branch, project, Buffer.from(branch.name), {
    timeline: branch.timelineId,
    createdAt: branch.createdAt,
    protected: branch.isProtected,
    checks: branch.checks,
    backupOf: branch.backupOf,
    expiresAt: branch.expiresAt,
    retention: branch.retention
  });
}

function removal(project: Project, name: string): ControlRecord {
  return control(TABLE.branch, project.id, Buffer.from(name), undefined);
}

function timelineRecord(
  project: number,
  id: TimelineId,
  parent: Timeline | undefined,
  forkLsn: Lsn,
  forkOrdinal: number
): ControlRecord {
  return control(TABLE.timeline, project, u32(id), { parent: parent?.id, forkLsn, forkOrdinal });
}

/** The newest durable state of a timeline. */
function headReach(timeline: Timeline): Reach {
  return { timeline, lsn: timeline.durableHead, ordinal: timeline.durableCount };
}
