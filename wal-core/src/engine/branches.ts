import type { BranchInfo, Origin, TimelineId } from '../api';
import type { Branch, Project, Retention, Timeline } from '../branch/model';
import { checkBranchName, checkCheckName, checkRetention } from '../branch/names';
import { branchRecord, branchRemoval, stored, timelineRecord } from '../branch/records';
import { control } from '../branch/control';
import { ArgonError } from '../errors';
import { CHECKS_MAX } from '../limits';
import type { ControlRecord } from '../log/frame';
import type { View } from '../read/snapshot';
import { TABLE } from '../store/keys';
import type { BranchList } from './branchlist';
import type { Core } from './core';
import { checkDate } from './given';

/** Where branches point: each operation is one small commit, independent of the size of the data. */
export class BranchOffice {
  constructor(
    private readonly core: Core,
    private readonly list: BranchList
  ) {}

  /** @throws NAME_INVALID, BRANCH_EXISTS, and what resolving `from` throws */
  create(
    projectName: string,
    name: string,
    origin: Origin,
    options: { from?: string; ensure?: boolean; expiresAt?: Date }
  ): Promise<BranchInfo> {
    checkBranchName(name);
    checkDate('expiresAt', options.expiresAt);
    const { registry, controlLock } = this.core;
    return controlLock.run(async () => {
      const project = registry.project(projectName);
      const existing = project.branches.get(name);
      if (existing !== undefined) {
        if (options.ensure === true) {
          return this.list.info(project, existing);
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
      return this.list.info(project, registry.branch(project, name));
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
    for (const recent of project.recent.backwards(view.lsn)) {
      if (recent.timeline === timeline.id) {
        await this.core.caughtUp();
        break;
      }
    }
    return this.core.line.ordinalAt(timeline, view.lsn);
  }

  /**
   * What a protected name shows changes by plans only, so its branch keeps it.
   * @throws BRANCH_NOT_FOUND, BRANCH_EXISTS, NAME_INVALID, BRANCH_PROTECTED for a protected branch and for the default branch
   */
  rename(projectName: string, name: string, to: string, origin: Origin): Promise<BranchInfo> {
    checkBranchName(to);
    return this.move(projectName, name, async (project, branch) => {
      this.assertNotDefault(project, branch, 'renamed');
      assertUnprotected(branch, 'renamed');
      if (project.branches.has(to)) {
        throw new ArgonError('BRANCH_EXISTS', `A branch called ${JSON.stringify(to)} exists already.`, {
          data: { name: to }
        });
      }
      await this.core.putRows(
        [branchRecord(project.id, { ...stored(branch), name: to }), branchRemoval(project, name)],
        origin
      );
      this.core.emit({ type: 'branch', project: projectName, op: 'rename', branch: to, previous: name });
      return this.list.info(project, this.core.registry.branch(project, to));
    });
  }

  protect(
    projectName: string,
    name: string,
    isProtected: boolean,
    origin: Origin,
    checks: readonly string[] = []
  ): Promise<BranchInfo> {
    if (checks.length > CHECKS_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `A branch asks for at most ${CHECKS_MAX} checks, not ${checks.length}.`,
        {
          data: { limit: CHECKS_MAX, value: checks.length }
        }
      );
    }
    checks.forEach(checkCheckName);
    return this.move(projectName, name, async (project, branch) => {
      const asked = isProtected && checks.length > 0 ? [...new Set(checks)] : undefined;
      await this.core.putRows(
        [branchRecord(project.id, { ...stored(branch), isProtected, checks: asked })],
        origin
      );
      this.core.emit({ type: 'branch', project: projectName, op: 'protect', branch: name });
      return this.list.info(project, this.core.registry.branch(project, name));
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
  delete(projectName: string, name: string, origin: Origin): Promise<void> {
    return this.move(projectName, name, async (project, branch) => {
      this.assertNotDefault(project, branch, 'deleted');
      assertUnprotected(branch, 'deleted');
      await this.core.putRows([branchRemoval(project, name)], origin);
      this.core.emit({ type: 'branch', project: projectName, op: 'delete', branch: name });
    });
  }

  /** Deletes the branches whose time is over; answers `project/branch` of each. */
  async expire(origin: Origin): Promise<string[]> {
    const expired: string[] = [];
    for (const { project, branch } of this.core.registry.expired(this.core.wallMs())) {
      // It may have been kept, or have gone, while others were deleted.
      if (!branch.isProtected && project.branches.get(branch.name) === branch) {
        await this.delete(project.name, branch.name, origin);
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
  reset(
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
      return { branch: this.list.info(project, this.core.registry.branch(project, name)), backup };
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
      return this.core.writers.lock(timeline).run(async () => {
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
