import type { Branch, Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { Mutex } from './mutex';

export interface WriterParts {
  readonly registry: Registry;
  /** Whether so much waits to be applied that more must wait. */
  isBehind(): boolean;
  caughtUp(): Promise<void>;
  /** @throws CLOSED, LOG_FAILED, DATA_CORRUPT */
  assertOpen(): void;
}

/** @throws BRANCH_PROTECTED */
export function assertWritable({ name, isProtected }: Branch): void {
  if (isProtected) {
    throw new ArgonError(
      'BRANCH_PROTECTED',
      `${name} is protected: it takes merges only. Write to a branch and merge it.`,
      { data: { branch: name } }
    );
  }
}

/**
 * Lets writers in. A branch that is handed out is held by nobody and the state is near enough behind the log at that
 * moment; whoever awaits anything before staging must ask again.
 */
export class Writers {
  private readonly locks = new WeakMap<Timeline, Mutex>();

  constructor(private readonly parts: WriterParts) {}

  /** Held while writers of a timeline must wait: an index is made, the branch moves. */
  lock(timeline: Timeline): Mutex {
    let lock = this.locks.get(timeline);
    if (lock === undefined) {
      lock = new Mutex();
      this.locks.set(timeline, lock);
    }
    return lock;
  }

  /**
   * The branch to write to, once nothing holds its timeline and the state is not too far behind.
   * @throws PROJECT_NOT_FOUND, BRANCH_NOT_FOUND
   */
  async branch(projectName: string, branchName: string): Promise<{ project: Project; branch: Branch }> {
    const found = this.now(projectName, branchName);
    if (this.locks.get(found.branch.timeline)?.busy !== true && !this.parts.isBehind()) {
      return found;
    }
    const [later] = await this.branches([[projectName, branchName]]);
    return later!;
  }

  private now(projectName: string, branchName: string): { project: Project; branch: Branch } {
    this.parts.assertOpen();
    const project = this.parts.registry.project(projectName);
    return { project, branch: this.parts.registry.branch(project, branchName) };
  }

  /** The same for several branches, all at one time. */
  async branches(
    names: readonly (readonly [project: string, branch: string])[]
  ): Promise<readonly { project: Project; branch: Branch }[]> {
    for (;;) {
      const found = names.map(([projectName, branchName]) => this.now(projectName, branchName));
      const lock = found
        .map(({ branch }) => this.locks.get(branch.timeline))
        .find(candidate => candidate?.busy === true);
      if (lock !== undefined) {
        await lock.idle();
      } else if (this.parts.isBehind()) {
        await this.parts.caughtUp();
      } else {
        return found;
      }
    }
  }
}
