import { deserialize } from 'bson';
import type { CollectionId, CommitTime, IndexId, Lsn, Origin, ProjectId, TimelineId } from '../api';
import { ArgonError } from '../errors';
import type { ControlRecord } from '../log/frame';
import { TABLE, u32 } from '../store/keys';
import { CollectionIds } from './collectionids';
import { control, type Fields } from './control';
import { KeptLsns } from './kept';
import { KeptRows } from './keptrows';
import {
  type Branch,
  type MergeMark,
  type Pin,
  Project,
  type Retention,
  type Run,
  Timeline,
  type CommitNote
} from './model';
import { nearest } from './nearest';
import { Origins } from './origins';

/**
 * Projects, branches, timelines, pins and runs in memory. It is nothing but what the control
 * records of the log say: `apply` takes one in, and `load` takes them all from the state.
 */
export class Registry {
  private readonly byId = new Map<ProjectId, Project>();
  private readonly byName = new Map<string, Project>();
  private readonly timelines = new Map<TimelineId, Timeline>();
  private readonly runProjects = new Map<string, Project>();
  /** The branch that shows a timeline. */
  private readonly shown = new Map<Timeline, Branch>();
  /** Branches that will be over at some time. */
  private readonly expiring = new Set<Branch>();
  private readonly keptRows = new KeptRows();
  private readonly origins = new Origins();
  private readonly collectionIds = new CollectionIds();
  nextProject = 1 as ProjectId;
  nextTimeline = 1 as TimelineId;

  /** Takes one control record in. Unknown tables are not the registry's. */
  apply(record: ControlRecord): void {
    if (record.table === TABLE.kept) {
      const id = record.scope as TimelineId;
      this.keptRows.take(this.timelines.get(id), id, record.key.readUInt16BE(0), record.value);
      return;
    }
    if (record.table === TABLE.timesGone) {
      this.applyTimesGone(record.scope as ProjectId, record.value);
      return;
    }
    const value: Fields | undefined = record.value === undefined ? undefined : deserialize(record.value);
    switch (record.table) {
      case TABLE.origin:
        this.origins.take(record.key.readUInt32BE(0), value as unknown as Origin);
        break;
      case TABLE.project:
        this.applyProject(record.key.readUInt32BE(0) as ProjectId, value);
        break;
      case TABLE.timeline:
        this.applyTimeline(record.scope as ProjectId, record.key.readUInt32BE(0) as TimelineId, value);
        break;
      case TABLE.branch:
        this.applyBranch(record.scope as ProjectId, record.key.toString('utf8'), value);
        break;
      case TABLE.pin:
        this.applyPin(record.scope as ProjectId, record.key.toString('utf8'), value);
        break;
      case TABLE.run:
        this.applyRun(record.scope as ProjectId, record.key.toString('utf8'), value);
        break;
      case TABLE.collectionName:
        if (value !== undefined && this.byId.has(record.scope as ProjectId)) {
          this.collectionIds.take(this.byId.get(record.scope as ProjectId)!, record.key, value);
        }
        break;
      case TABLE.merge:
        this.applyMerge(record, value);
        break;
      case TABLE.note:
        if (value !== undefined) {
          this.timelines
            .get(record.scope as TimelineId)
            ?.notes.set(record.key.readUIntBE(0, 6) as Lsn, value as unknown as CommitNote);
        }
        break;
      case TABLE.nextIds:
        this.nextProject = Math.max(this.nextProject, value?.['project'] as number) as ProjectId;
        this.nextTimeline = Math.max(this.nextTimeline, value?.['timeline'] as number) as TimelineId;
        break;
      case TABLE.retention: {
        const project = this.byId.get(record.scope as ProjectId);
        if (project !== undefined) {
          project.retention = value;
        }
        break;
      }
      default:
    }
  }

  /**
   * The row that keeps ids from being given again: to be logged with every row that makes a project or a timeline
   * unknown. What was written under an id may still be in the log, and would come back with it.
   */
  nextIds(): ControlRecord {
    const { nextProject: project, nextTimeline: timeline } = this;
    return control(TABLE.nextIds, 0, Buffer.alloc(0), { project, timeline });
  }

  /** A merge is forgotten only together with its timeline. */
  private applyMerge({ scope, key }: ControlRecord, value: Fields | undefined): void {
    if (value === undefined) {
      return;
    }
    this.timelines.get(scope as TimelineId)?.merges.push({
      lsn: key.readUIntBE(0, 6) as Lsn,
      source: value['source'] as TimelineId,
      sourceLsn: value['sourceLsn'] as Lsn,
      sourceOrdinal: value['sourceOrdinal'] as number,
      nextTimeline: (value['nextTimeline'] as number | undefined) ?? 0,
      written: (value['written'] as number | undefined) ?? 0,
      ref: value['ref'] as string
    } satisfies MergeMark);
  }

  /** `[LSN u48][commit time u64][head u48]`: timelines that made the head may be gone, its LSNs are not given again. */
  private applyTimesGone(id: ProjectId, value: Buffer | undefined): void {
    const project = this.byId.get(id);
    if (project !== undefined && value !== undefined) {
      project.timesGone = {
        lsn: value.readUIntBE(0, 6) as Lsn,
        time: value.readBigUInt64BE(6) as CommitTime
      };
      const head = value.readUIntBE(14, 6) as Lsn;
      project.head = Math.max(project.head, head) as Lsn;
      project.durableHead = Math.max(project.durableHead, head) as Lsn;
    }
  }

  private applyProject(id: ProjectId, value: Fields | undefined): void {
    this.nextProject = Math.max(this.nextProject, id + 1) as ProjectId;
    if (value === undefined) {
      const project = this.byId.get(id);
      if (project !== undefined) {
        this.byId.delete(id);
        this.byName.delete(project.name);
        for (const [timelineId, timeline] of project.timelines) {
          this.timelines.delete(timelineId);
          this.shown.delete(timeline);
        }
        for (const run of project.runs.keys()) {
          this.runProjects.delete(run);
        }
      }
      return;
    }
    const project = new Project(
      id,
      value['name'] as string,
      value['defaultBranch'] as string,
      value['createdAt'] as Date
    );
    this.byId.set(id, project);
    this.byName.set(project.name, project);
  }

  private applyTimeline(projectId: ProjectId, id: TimelineId, value: Fields | undefined): void {
    this.nextTimeline = Math.max(this.nextTimeline, id + 1) as TimelineId;
    const project = this.byId.get(projectId);
    if (value === undefined) {
      // Nothing of it is readable any more; who still holds it must learn that.
      const timeline = this.timelines.get(id);
      if (timeline !== undefined) {
        timeline.kept = KeptLsns.NOTHING;
        timeline.parent?.unmark(timeline.forkLsn);
        this.timelines.delete(id);
        project?.timelines.delete(id);
      }
      return;
    }
    if (project === undefined) {
      return;
    }
    const parent =
      value['parent'] === undefined ? undefined : this.timelines.get(value['parent'] as TimelineId);
    const timeline = new Timeline(
      id,
      projectId,
      parent,
      value['forkLsn'] as Lsn,
      value['forkOrdinal'] as number
    );
    parent?.mark(timeline.forkLsn);
    this.timelines.set(id, timeline);
    project.timelines.set(id, timeline);
  }

  private applyBranch(projectId: ProjectId, name: string, value: Fields | undefined): void {
    const project = this.byId.get(projectId);
    if (project === undefined) {
      return;
    }
    const previous = project.branches.get(name);
    if (previous !== undefined) {
      this.expiring.delete(previous);
      if (this.shown.get(previous.timeline) === previous) {
        this.shown.delete(previous.timeline);
      }
    }
    const timeline = value === undefined ? undefined : this.timelines.get(value['timeline'] as TimelineId);
    if (value === undefined || timeline === undefined) {
      project.branches.delete(name);
      return;
    }
    const branch: Branch = {
      name,
      timeline,
      createdAt: value['createdAt'] as Date,
      isProtected: value['protected'] === true,
      ...(value['checks'] === undefined ? {} : { checks: value['checks'] as string[] }),
      ...(value['backupOf'] === undefined ? {} : { backupOf: value['backupOf'] as string }),
      ...(value['expiresAt'] === undefined ? {} : { expiresAt: value['expiresAt'] as Date }),
      ...(value['retention'] === undefined ? {} : { retention: value['retention'] as Retention })
    };
    project.branches.set(name, branch);
    this.shown.set(timeline, branch);
    if (branch.expiresAt !== undefined) {
      this.expiring.add(branch);
    }
  }

  /** Branches whose time is over, with their projects. */
  expired(nowMs: number): { project: Project; branch: Branch }[] {
    const over: { project: Project; branch: Branch }[] = [];
    for (const branch of this.expiring) {
      const project = this.byId.get(branch.timeline.project);
      if (project === undefined) {
        this.expiring.delete(branch);
      } else if (branch.expiresAt!.getTime() <= nowMs) {
        over.push({ project, branch });
      }
    }
    return over;
  }

  private applyPin(projectId: ProjectId, name: string, value: Fields | undefined): void {
    const pins = this.byId.get(projectId)?.pins;
    this.unmark(pins?.get(name));
    if (value === undefined) {
      pins?.delete(name);
    } else {
      const pin = { ...(value as unknown as Omit<Pin, 'name'>), name };
      pins?.set(name, pin);
      this.timelines.get(pin.timeline)?.mark(pin.lsn);
    }
  }

  private unmark(named: Pick<Pin | Run, 'timeline' | 'lsn'> | undefined): void {
    if (named !== undefined) {
      this.timelines.get(named.timeline)?.unmark(named.lsn);
    }
  }

  private applyRun(projectId: ProjectId, id: string, value: Fields | undefined): void {
    const project = this.byId.get(projectId);
    if (project !== undefined && value !== undefined) {
      const known = project.runs.get(id);
      if (known?.releasedAt === undefined) {
        this.unmark(known);
      }
      const run = { ...(value as unknown as Omit<Run, 'id'>), id };
      project.runs.set(id, run);
      if (run.releasedAt === undefined) {
        this.timelines.get(run.timeline)?.mark(run.lsn);
      }
      this.runProjects.set(id, project);
    }
  }

  /** Notes staged changes of a timeline. */
  advance(timeline: Timeline, head: Lsn, count: number): void {
    timeline.head = head;
    timeline.count = count;
    const project = this.byId.get(timeline.project);
    if (project !== undefined && head > project.head) {
      project.head = head;
    }
  }

  /** Notes that changes of a timeline are on disk. */
  settle(timeline: Timeline, head: Lsn, count: number): void {
    timeline.durableHead = head;
    timeline.durableCount = count;
    const project = this.byId.get(timeline.project);
    if (project !== undefined && head > project.durableHead) {
      project.durableHead = head;
    }
  }

  projects(): Project[] {
    return [...this.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Project | undefined {
    return this.byName.get(name);
  }

  /** @throws PROJECT_NOT_FOUND */
  project(name: string): Project {
    const project = this.byName.get(name);
    if (project === undefined) {
      throw notFound(
        'PROJECT_NOT_FOUND',
        `There is no project called ${JSON.stringify(name)}.`,
        name,
        this.byName.keys()
      );
    }
    return project;
  }

  projectById(id: ProjectId): Project | undefined {
    return this.byId.get(id);
  }

  timeline(id: TimelineId): Timeline | undefined {
    return this.timelines.get(id);
  }

  /** @throws BRANCH_NOT_FOUND */
  branch(project: Project, name: string): Branch {
    const branch = project.branches.get(name);
    if (branch === undefined) {
      throw notFound(
        'BRANCH_NOT_FOUND',
        `There is no branch called ${JSON.stringify(name)} in project ${project.name}.`,
        name,
        project.branches.keys()
      );
    }
    return branch;
  }

  /** The branch that shows a timeline now. */
  branchOf(timeline: Timeline): Branch | undefined {
    return this.shown.get(timeline);
  }

  projectOfRun(id: string): Project | undefined {
    return this.runProjects.get(id);
  }

  origin(id: number): Origin {
    return this.origins.get(id);
  }

  /** The id of an origin. Until it is on disk, each answer brings the control record for the frame. */
  internOrigin(origin: Origin): { id: number; record?: ControlRecord } {
    const { id, isLogged } = this.origins.intern(origin);
    return isLogged ? { id } : { id, record: control(TABLE.origin, 0, u32(id), { ...origin }) };
  }

  /** See `CollectionIds.intern`. */
  internCollection(
    project: Project,
    name: string,
    isFree: (id: CollectionId) => boolean
  ): { id: CollectionId; record?: ControlRecord } {
    return this.collectionIds.intern(project, name, isFree);
  }

  allocateIndex(project: Project): { id: IndexId; record: ControlRecord } {
    return this.collectionIds.allocateIndex(project);
  }

  get branchCount(): number {
    let count = 0;
    for (const project of this.byId.values()) {
      count += project.branches.size;
    }
    return count;
  }
}

function notFound(
  code: 'PROJECT_NOT_FOUND' | 'BRANCH_NOT_FOUND',
  message: string,
  name: string,
  names: Iterable<string>
): ArgonError {
  const near = nearest(name, names);
  return new ArgonError(code, message, { data: near === undefined ? { name } : { name, nearest: near } });
}
