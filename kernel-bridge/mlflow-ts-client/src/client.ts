import { experimentOf, metricOf, modelVersionOf, runInfoOf, runOf, type RawRun } from './decode';
import { isNotFound } from './errors';
import { Transport, type MlflowClientOptions } from './transport';
import type {
  DatasetInput,
  Experiment,
  KeyValue,
  Metric,
  ModelVersion,
  Page,
  Run,
  RunInfo,
  RunStatus,
  ViewType
} from './types';

/** Ends a call early. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What to search, and how much to take at a time. */
export interface SearchRunsOptions extends CallOptions {
  readonly experimentIds: readonly string[];
  /** `tags."argon.project" = 'shop' and metrics.accuracy > 0.9`. */
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly viewType?: ViewType;
  /** Runs in one page; default 1,000. */
  readonly maxResults?: number;
}

export interface SearchExperimentsOptions extends CallOptions {
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly viewType?: ViewType;
  readonly maxResults?: number;
}

export interface CreateRunOptions extends CallOptions {
  readonly runName?: string;
  /** Milliseconds since 1970; default now. */
  readonly startTime?: number;
  readonly tags?: readonly KeyValue[];
  readonly userId?: string;
}

/**
 * MLflow's tracking server over its REST API 2.0. Calls that may be repeated are, after connection errors;
 * `createRun`, `createExperiment` and logging to a metric's history are tried once.
 */
export class MlflowClient {
  private readonly transport: Transport;

  constructor(options: MlflowClientOptions) {
    this.transport = new Transport(options);
  }

  async createRun(experimentId: string, options: CreateRunOptions = {}): Promise<Run> {
    const { runName, startTime = Date.now(), tags = [], userId, signal } = options;
    const body = {
      experiment_id: experimentId,
      run_name: runName,
      start_time: startTime,
      tags,
      user_id: userId
    };
    const answer = await this.post<{ run: RawRun }>('runs/create', body, { idempotent: false, signal });
    return runOf(answer.run);
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async getRun(runId: string, { signal }: CallOptions = {}): Promise<Run> {
    const { run } = await this.get<{ run: RawRun }>('runs/get', { run_id: runId }, signal);
    return runOf(run);
  }

  async updateRun(
    runId: string,
    change: { status?: RunStatus; endTime?: number; runName?: string },
    { signal }: CallOptions = {}
  ): Promise<RunInfo> {
    const { status, endTime, runName } = change;
    const body = { run_id: runId, status, end_time: endTime, run_name: runName };
    const answer = await this.post<{ run_info: Record<string, unknown> }>('runs/update', body, { signal });
    return runInfoOf(answer.run_info);
  }

  /** Moves a run to the trash. */
  async deleteRun(runId: string, { signal }: CallOptions = {}): Promise<void> {
    await this.post('runs/delete', { run_id: runId }, { signal });
  }

  async restoreRun(runId: string, { signal }: CallOptions = {}): Promise<void> {
    await this.post('runs/restore', { run_id: runId }, { signal });
  }

  /** One page of runs. */
  async searchRuns(options: SearchRunsOptions, pageToken?: string): Promise<Page<Run>> {
    const { experimentIds, filter, orderBy, viewType, maxResults = 1_000, signal } = options;
    const body = {
      experiment_ids: experimentIds,
      filter,
      order_by: orderBy,
      run_view_type: viewType,
      max_results: maxResults,
      page_token: pageToken
    };
    const answer = await this.post<{ runs?: RawRun[]; next_page_token?: string }>('runs/search', body, {
      signal
    });
    return page((answer.runs ?? []).map(runOf), answer.next_page_token);
  }

  /** All runs found, page after page. */
  runs(options: SearchRunsOptions): AsyncGenerator<Run> {
    return follow(token => this.searchRuns(options, token));
  }

  async setTag(runId: string, key: string, value: string, { signal }: CallOptions = {}): Promise<void> {
    await this.post('runs/set-tag', { run_id: runId, key, value }, { signal });
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST when the run has no such tag */
  async deleteTag(runId: string, key: string, { signal }: CallOptions = {}): Promise<void> {
    // A second try would find no tag and fail.
    await this.post('runs/delete-tag', { run_id: runId, key }, { idempotent: false, signal });
  }

  async logParam(runId: string, key: string, value: string, { signal }: CallOptions = {}): Promise<void> {
    await this.post('runs/log-parameter', { run_id: runId, key, value }, { signal });
  }

  async logMetric(
    runId: string,
    metric: { key: string; value: number; timestamp?: number; step?: number },
    { signal }: CallOptions = {}
  ): Promise<void> {
    const { key, value, timestamp = Date.now(), step = 0 } = metric;
    const body = { run_id: runId, key, value: jsonNumber(value), timestamp, step };
    await this.post('runs/log-metric', body, { idempotent: false, signal });
  }

  /** Metrics, params and tags in one call: at most 1,000 items, of which 100 params and 100 tags. */
  async logBatch(
    runId: string,
    batch: { metrics?: readonly Metric[]; params?: readonly KeyValue[]; tags?: readonly KeyValue[] },
    { signal }: CallOptions = {}
  ): Promise<void> {
    const { metrics = [], params = [], tags = [] } = batch;
    const values = metrics.map(metric => ({ ...metric, value: jsonNumber(metric.value) }));
    const body = { run_id: runId, metrics: values, params, tags };
    await this.post('runs/log-batch', body, { idempotent: metrics.length === 0, signal });
  }

  /** Says which datasets a run used. Saying it again changes nothing. */
  async logInputs(
    runId: string,
    datasets: readonly DatasetInput[],
    { signal }: CallOptions = {}
  ): Promise<void> {
    const body = { run_id: runId, datasets: datasets.map(({ tags = [], dataset }) => ({ tags, dataset })) };
    await this.post('runs/log-inputs', body, { signal });
  }

  /** One page of the values that a metric has had. */
  async getMetricHistory(
    runId: string,
    metricKey: string,
    options: CallOptions & { maxResults?: number } = {},
    pageToken?: string
  ): Promise<Page<Metric>> {
    const { maxResults = 1_000, signal } = options;
    const answer = await this.get<{ metrics?: Record<string, unknown>[]; next_page_token?: string }>(
      'metrics/get-history',
      { run_id: runId, metric_key: metricKey, max_results: maxResults, page_token: pageToken },
      signal
    );
    return page((answer.metrics ?? []).map(metricOf), answer.next_page_token);
  }

  /** All values that a metric has had, page after page. */
  metricHistory(
    runId: string,
    metricKey: string,
    options: CallOptions & { maxResults?: number } = {}
  ): AsyncGenerator<Metric> {
    return follow(token => this.getMetricHistory(runId, metricKey, options, token));
  }

  /** The id of the new experiment. @throws MlflowApiError RESOURCE_ALREADY_EXISTS */
  async createExperiment(
    name: string,
    options: CallOptions & { artifactLocation?: string; tags?: readonly KeyValue[] } = {}
  ): Promise<string> {
    const { artifactLocation, tags = [], signal } = options;
    const body = { name, artifact_location: artifactLocation, tags };
    const answer = await this.post<{ experiment_id: string }>('experiments/create', body, {
      idempotent: false,
      signal
    });
    return answer.experiment_id;
  }

  async getExperiment(experimentId: string, { signal }: CallOptions = {}): Promise<Experiment> {
    const query = { experiment_id: experimentId };
    const answer = await this.get<{ experiment: Record<string, unknown> }>('experiments/get', query, signal);
    return experimentOf(answer.experiment);
  }

  /** Undefined when there is no experiment of this name. */
  async getExperimentByName(name: string, { signal }: CallOptions = {}): Promise<Experiment | undefined> {
    try {
      const query = { experiment_name: name };
      const answer = await this.get<{ experiment: Record<string, unknown> }>(
        'experiments/get-by-name',
        query,
        signal
      );
      return experimentOf(answer.experiment);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  /** One page of experiments. */
  async searchExperiments(
    options: SearchExperimentsOptions = {},
    pageToken?: string
  ): Promise<Page<Experiment>> {
    const { filter, orderBy, viewType, maxResults = 1_000, signal } = options;
    const body = {
      filter,
      order_by: orderBy,
      view_type: viewType,
      max_results: maxResults,
      page_token: pageToken
    };
    const answer = await this.post<{ experiments?: Record<string, unknown>[]; next_page_token?: string }>(
      'experiments/search',
      body,
      { signal }
    );
    return page((answer.experiments ?? []).map(experimentOf), answer.next_page_token);
  }

  /** All experiments found, page after page. */
  experiments(options: SearchExperimentsOptions = {}): AsyncGenerator<Experiment> {
    return follow(token => this.searchExperiments(options, token));
  }

  /** One page of registered models' versions, those that were changed last first; `run_id = 'ID'` finds a run's. */
  async searchModelVersions(
    options: CallOptions & { filter?: string; maxResults?: number } = {},
    pageToken?: string
  ): Promise<Page<ModelVersion>> {
    const { filter, maxResults = 1_000, signal } = options;
    const answer = await this.get<{ model_versions?: Record<string, unknown>[]; next_page_token?: string }>(
      'model-versions/search',
      { filter, max_results: maxResults, page_token: pageToken },
      signal
    );
    return page((answer.model_versions ?? []).map(modelVersionOf), answer.next_page_token);
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async getModelVersion(name: string, version: string, { signal }: CallOptions = {}): Promise<ModelVersion> {
    const query = { name, version };
    const answer = await this.get<{ model_version: Record<string, unknown> }>(
      'model-versions/get',
      query,
      signal
    );
    return modelVersionOf(answer.model_version);
  }

  private get<T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    signal: AbortSignal | undefined
  ): Promise<T> {
    return this.transport.call<T>({ method: 'GET', path, query, idempotent: true, signal });
  }

  private post<T>(
    path: string,
    body: object,
    { idempotent = true, signal }: { idempotent?: boolean; signal?: AbortSignal | undefined }
  ): Promise<T> {
    return this.transport.call<T>({ method: 'POST', path, body, idempotent, signal });
  }
}

function page<T>(items: readonly T[], token: string | undefined): Page<T> {
  return token === undefined || token === '' ? { items } : { items, nextPageToken: token };
}

async function* follow<T>(next: (token: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const { items, nextPageToken } = await next(token);
    yield* items;
    token = nextPageToken;
  } while (token !== undefined);
}

/** JSON has no NaN and no infinities; protobuf's JSON has names for them. */
function jsonNumber(value: number): number | string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  return Number.isFinite(value) ? value : value > 0 ? 'Infinity' : '-Infinity';
}
