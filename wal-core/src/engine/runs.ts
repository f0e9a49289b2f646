import type { RunInfo } from '../api';
import type { Project, Run } from '../branch/model';
import { control } from '../branch/control';
import { ArgonError } from '../errors';
import { ROW_KEY_BYTES_MAX } from '../limits';
import { checkBytes } from '../log/bounds';
import { TABLE } from '../store/keys';
import type { Core } from './core';
import { checkFacts } from './given';

/** Runs of experiments, each with the state that it saw. */
export class RunOffice {
  constructor(private readonly core: Core) {}

  /** Remembers the state a run saw. Asked again, the state of the first time stays, and facts are added. @throws BAD_REQUEST, LIMIT_EXCEEDED */
  register(
    projectName: string,
    id: string,
    ref: string,
    facts: Readonly<Record<string, string>>
  ): Promise<RunInfo> {
    checkBytes('The id of a run', id, ROW_KEY_BYTES_MAX);
    checkFacts(facts);
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const view = this.core.resolve(projectName, ref);
      const known = this.held(projectName, project.runs.get(id));
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
      return this.info(project, id);
    });
  }

  /** @throws RUN_NOT_FOUND */
  update(projectName: string, id: string, facts: Readonly<Record<string, string>>): Promise<RunInfo> {
    checkFacts(facts);
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const run = this.knownRun(project, id);
      await this.putRun(project, { ...run, facts: { ...run.facts, ...facts } });
      return this.info(project, id);
    });
  }

  /**
   * Its state is not kept for its sake any more; what is known of the run stays. Registering it again, while the state
   * is still there, keeps it anew.
   * @throws RUN_NOT_FOUND
   */
  release(projectName: string, id: string): Promise<RunInfo> {
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const run = this.knownRun(project, id);
      if (run.releasedAt === undefined) {
        await this.putRun(project, { ...run, releasedAt: new Date(this.core.wallMs()) });
      }
      return this.info(project, id);
    });
  }

  /** A run whose state is kept from now on. @throws HISTORY_GONE */
  private held(projectName: string, run: Run | undefined): Run | undefined {
    if (run?.releasedAt === undefined) {
      return run;
    }
    this.core.resolve(projectName, `run:${run.id}`);
    const { releasedAt: _, ...kept } = run;
    return kept;
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

  info(project: Project, id: string): RunInfo {
    return { ...this.knownRun(project, id), project: project.name };
  }

  /** Newest first. */
  all(project: Project): readonly RunInfo[] {
    return [...project.runs.keys()]
      .map(id => this.info(project, id))
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  }

  /** A run of any project. @throws RUN_NOT_FOUND */
  find(id: string): RunInfo {
    const project = this.core.registry.projectOfRun(id);
    if (project === undefined) {
      throw runNotFound(id);
    }
    return this.info(project, id);
  }
}

function runNotFound(id: string): ArgonError {
  return new ArgonError('RUN_NOT_FOUND', `Argon knows no run ${JSON.stringify(id)}.`, { data: { run: id } });
}
