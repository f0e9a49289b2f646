import type { Origin, PinInfo } from '../api';
import type { Project } from '../branch/model';
import { checkBranchName } from '../branch/names';
import { nearest } from '../branch/nearest';
import { control } from '../branch/control';
import { ArgonError } from '../errors';
import { TABLE } from '../store/keys';
import type { Core } from './core';

/** Names for states, which garbage collection leaves alone. */
export class PinOffice {
  constructor(private readonly core: Core) {}

  all(project: Project): PinInfo[] {
    return [...project.pins.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws NAME_INVALID, PIN_EXISTS (also with `ensure`, when it names another state) */
  create(projectName: string, name: string, ref: string, origin: Origin, ensure: boolean): Promise<PinInfo> {
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
  delete(projectName: string, name: string, origin: Origin): Promise<void> {
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
}
