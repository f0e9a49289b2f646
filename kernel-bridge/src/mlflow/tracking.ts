import type { Engine, RunInfo } from '@argon/wal-core';
import { isNotFound, MlflowApiError, MlflowClient, type ModelVersion, type Run } from 'mlflow-ts-client';
import type { Logger } from '../logger';
import { RunSweep } from './sweep';

/** A caller waits for the tracking server at most so long; what comes later is there the next time. */
export const REFRESH_WAIT_MS = 1_000;
/** What was asked for is not asked for again within this time. */
export const FRESH_MS = 10_000;
/** A run that has ended, or that the server does not know, is asked for again after this time. */
export const SETTLED_MS = 600_000;
/** Runs asked for in one refresh, the newest first. */
export const REFRESH_RUNS_MAX = 50;
const CONCURRENT_MAX = 4;
/** Metrics kept as facts of a run. */
const METRICS_MAX = 50;
const FACT_LENGTH_MAX = 500;
/** Versions of models kept as facts of a run. */
const VERSIONS_MAX = 20;
/** `registered.penguin-species/4` = `champion`: a version that the run made, with its aliases. */
export const REGISTERED_FACT = 'registered.';
const SETTLED: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'KILLED']);

/** What the tracking of runs is made from. */
export interface RunTrackingOptions {
  readonly engine: Engine;
  readonly logger: Logger;
  readonly trackingUri: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly clock?: () => number;
  readonly waitMs?: number;
}

/** Whether a tracking URI names a server; a local file or database is not asked. */
export function isTrackingServer(uri: string | undefined): uri is string {
  return uri !== undefined && /^https?:\/\//i.test(uri);
}

/**
 * Brings name, status and metrics of known runs up to date with the tracking server, lazily, when somebody
 * looks. The bridge never depends on it: failures are counted, and nobody waits long.
 */
export class RunTracking {
  /** Requests that failed since the process started. */
  failures = 0;
  private readonly engine: Engine;
  private readonly logger: Logger;
  private readonly client: MlflowClient;
  private readonly sweeper: RunSweep;
  private readonly clock: () => number;
  private readonly waitMs: number;
  private readonly askAgainAt = new Map<string, number>();
  private readonly experiments = new Map<string, string>();
  private running: Promise<void> | undefined;

  constructor(options: RunTrackingOptions) {
    const { trackingUri, token, username, password } = options;
    this.engine = options.engine;
    this.logger = options.logger;
    this.clock = options.clock ?? Date.now;
    this.waitMs = options.waitMs ?? REFRESH_WAIT_MS;
    this.client = new MlflowClient({
      trackingUri,
      ...(token === undefined ? {} : { token }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      timeoutMs: 5_000,
      retries: 0
    });
    this.sweeper = new RunSweep(options.engine, this.client, options.trackingUri, options.logger);
  }

  /** Lets go of the states of runs that were deleted for good; see `RunSweep`. Never rejects. */
  sweep(signal?: AbortSignal): Promise<number> {
    return this.sweeper.sweep(signal);
  }

  /** Refreshes the runs that are due. Never rejects, and waits a bounded time. */
  async refresh(runs: readonly RunInfo[]): Promise<void> {
    const now = this.clock();
    const due = runs.filter(({ id }) => (this.askAgainAt.get(id) ?? 0) <= now).slice(0, REFRESH_RUNS_MAX);
    if (this.running === undefined && due.length > 0) {
      this.running = this.ask(due).finally(() => (this.running = undefined));
    }
    if (this.running === undefined) {
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>(resolve => (timer = setTimeout(resolve, this.waitMs)));
    await Promise.race([this.running, patience]);
    clearTimeout(timer);
  }

  private async ask(due: readonly RunInfo[]): Promise<void> {
    const queue = [...due];
    const work = async () => {
      for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
        try {
          await this.askOne(run);
        } catch (error) {
          this.failures++;
          this.logger.debug('the tracking server could not be asked', { error });
          if (!(error instanceof MlflowApiError)) {
            // It cannot be reached: the others would only wait for the same.
            queue.splice(0).forEach(({ id }) => this.askAgainAt.set(id, this.clock() + FRESH_MS));
          }
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_MAX }, work));
  }

  private async askOne(known: RunInfo): Promise<void> {
    this.askAgainAt.set(known.id, this.clock() + FRESH_MS);
    let run: Run;
    try {
      run = await this.client.getRun(known.id);
    } catch (error) {
      if (isNotFound(error)) {
        // Logged to another store, such as a local file.
        this.askAgainAt.set(known.id, this.clock() + SETTLED_MS);
        return;
      }
      throw error;
    }
    const facts = {
      ...factsOf(run),
      ...(await this.registered(known.id)),
      experiment: await this.experimentName(run.info.experiment_id),
      experimentId: run.info.experiment_id
    };
    const changed = Object.entries(facts).filter(([key, value]) => known.facts[key] !== value);
    if (changed.length > 0) {
      await this.engine.updateRun(known.project, known.id, Object.fromEntries(changed));
    }
    if (SETTLED.has(run.info.status)) {
      this.askAgainAt.set(known.id, this.clock() + SETTLED_MS);
    }
  }

  /** The versions of models that a run made; a server without a registry has none. */
  private async registered(run: string): Promise<Record<string, string>> {
    if (!/^[\w-]+$/.test(run)) {
      return {};
    }
    try {
      const filter = `run_id = '${run}'`;
      const { items } = await this.client.searchModelVersions({ filter, maxResults: VERSIONS_MAX });
      const versions: ModelVersion[] = [];
      for (const { name, version } of items.slice(0, VERSIONS_MAX)) {
        versions.push(await this.client.getModelVersion(name, version));
      }
      return registeredFacts(versions);
    } catch (error) {
      if (error instanceof MlflowApiError) {
        return {};
      }
      throw error;
    }
  }

  private async experimentName(id: string): Promise<string> {
    const known = this.experiments.get(id);
    if (known !== undefined) {
      return known;
    }
    const name = clip((await this.client.getExperiment(id)).name);
    this.experiments.set(id, name);
    return name;
  }
}

/** What the tracking server says of a run, as facts. */
export function factsOf({ info, data }: Run): Record<string, string> {
  const facts: Record<string, string> = { status: info.status };
  if (info.run_name !== undefined) {
    facts['name'] = clip(info.run_name);
  }
  if (info.start_time !== undefined) {
    facts['startedAt'] = new Date(info.start_time).toISOString();
  }
  if (info.end_time !== undefined) {
    facts['endedAt'] = new Date(info.end_time).toISOString();
  }
  // `argon.lsn` says again what the run is known by.
  const metrics = data.metrics.filter(({ key }) => !key.startsWith('argon.'));
  for (const { key, value } of metrics.slice(0, METRICS_MAX)) {
    facts[`metric.${clip(key)}`] = String(value);
  }
  const model = data.tags.find(({ key }) => key === 'mlflow.log-model.history');
  const path = model && modelPath(model.value);
  if (path !== undefined) {
    facts['model'] = clip(path);
  }
  return facts;
}

/** Versions of models, as facts. */
export function registeredFacts(versions: readonly ModelVersion[]): Record<string, string> {
  const told = versions.map(({ name, version, aliases }) => {
    return [clip(`${REGISTERED_FACT}${name}/${version}`), clip(aliases.join(', '))] as const;
  });
  return Object.fromEntries(told);
}

/** Path of the model that a run logged last. */
function modelPath(history: string): string | undefined {
  try {
    const models = JSON.parse(history) as { artifact_path?: unknown }[];
    const path = models.at(-1)?.artifact_path;
    return typeof path === 'string' ? path : undefined;
  } catch {
    return undefined;
  }
}

function clip(text: string): string {
  return text.length <= FACT_LENGTH_MAX ? text : `${text.slice(0, FACT_LENGTH_MAX - 1)}…`;
}
