import type { Engine, RunInfo } from '@argon/wal-core';
import { isNotFound, MlflowApiError, type MlflowClient } from 'mlflow-ts-client';
import type { Logger } from '../logger';

/** A sweep that has taken so long ends, and the next one goes on behind it: what it keeps waiting is a collection. */
export const SWEEP_MS_MAX = 60_000;
const CONCURRENT_MAX = 4;

/** The fact of a run that says where it was logged. */
export const TRACKING_FACT = 'tracking';

/** A tracking URI without credentials, query and trailing slashes: two that name one server are alike. */
export function trackingPlace(uri: string): string {
  const url = new URL(uri);
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, '');
}

/**
 * Finds runs that were deleted for good from a tracking server (`mlflow gc`), so that their states need not be kept. A
 * run that is only marked as deleted can come back, and one that was logged elsewhere is not for this server to judge.
 */
export class RunSweep {
  private readonly place: string;
  /** The run that was asked for last; ids are asked for in their order, round and round. */
  private last = '';

  constructor(
    private readonly engine: Engine,
    private readonly client: Pick<MlflowClient, 'getRun'>,
    trackingUri: string,
    private readonly logger: Logger,
    private readonly clock: () => number = Date.now
  ) {
    this.place = trackingPlace(trackingUri);
  }

  /** Releases what is gone and tells how many. Never rejects: a server that is away is asked the next time. */
  async sweep(signal?: AbortSignal): Promise<number> {
    const queue = this.held().values();
    const until = this.clock() + SWEEP_MS_MAX;
    let isAway = false;
    let released = 0;
    const work = async () => {
      for (const run of queue) {
        if (isAway || signal?.aborted === true || this.clock() >= until) {
          return;
        }
        try {
          await this.client.getRun(run.id);
        } catch (error) {
          if (isNotFound(error)) {
            await this.engine.releaseRun(run.project, run.id);
            this.logger.info('a run was deleted: its state is not kept for it any more', { run: run.id });
            released++;
          } else if (!(error instanceof MlflowApiError)) {
            isAway = true;
            throw error;
          }
        }
        this.last = run.id;
      }
    };
    try {
      await Promise.all(Array.from({ length: CONCURRENT_MAX }, work));
    } catch (error) {
      this.logger.debug('the tracking server could not be asked', { error });
    }
    return released;
  }

  /** All runs that keep a state and were logged here, those behind the last one that was asked for first. */
  private held(): RunInfo[] {
    const held = this.engine
      .projects()
      .flatMap(({ name }) => this.engine.runs(name))
      .filter(run => run.releasedAt === undefined && run.facts[TRACKING_FACT] === this.place)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const next = Math.max(
      0,
      held.findIndex(({ id }) => id > this.last)
    );
    return [...held.slice(next), ...held.slice(0, next)];
  }
}
