import type { Lsn, TimelineId } from '../api';
import type { ControlRecord } from '../log/frame';
import { TABLE, u32 } from '../store/keys';
import type { Branch, Project, Retention, Timeline } from './model';
import { control } from './control';

/* Control records of branches and timelines. */

/** What is stored of a branch. */
export interface StoredBranch {
  readonly name: string;
  readonly timelineId: TimelineId;
  readonly createdAt: Date;
  readonly isProtected: boolean;
  readonly checks?: readonly string[] | undefined;
  readonly backupOf?: string | undefined;
  readonly expiresAt?: Date | undefined;
  readonly retention?: Retention | undefined;
}

export function stored(branch: Branch): StoredBranch {
  return { ...branch, timelineId: branch.timeline.id };
}

export function branchRecord(project: number, branch: StoredBranch): ControlRecord {
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

export function branchRemoval(project: Project, name: string): ControlRecord {
  return control(TABLE.branch, project.id, Buffer.from(name), undefined);
}

export function timelineRecord(
  project: number,
  id: TimelineId,
  parent: Timeline | undefined,
  forkLsn: Lsn,
  forkOrdinal: number
): ControlRecord {
  return control(TABLE.timeline, project, u32(id), { parent: parent?.id, forkLsn, forkOrdinal });
}
