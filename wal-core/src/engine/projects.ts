import type { Lsn, Origin, ProjectInfo } from '../api';
import { checkProjectName } from '../branch/names';
import { branchRecord, timelineRecord } from '../branch/records';
import { control } from '../branch/control';
import { ArgonError } from '../errors';
import { TABLE, u32 } from '../store/keys';
import type { Core } from './core';

const DEFAULT_BRANCH = 'main';

/** Projects are made and deleted in one small commit. */
export class ProjectOffice {
  constructor(private readonly core: Core) {}

  /** @throws NAME_INVALID, PROJECT_EXISTS */
  create(name: string, origin: Origin, ensure: boolean): Promise<ProjectInfo> {
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
  async delete(name: string, origin: Origin): Promise<void> {
    await this.core.controlLock.run(async () => {
      const { registry } = this.core;
      const { id } = registry.project(name);
      await this.core.putRows([control(TABLE.project, 0, u32(id), undefined), registry.nextIds()], origin);
    });
    this.core.emit({ type: 'project', project: name, op: 'delete' });
  }
}
