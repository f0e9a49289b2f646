import type { DatasetInput, Experiment, KeyValue, Metric, ModelVersion, Run, RunInfo } from './types';

/** A number that protobuf's JSON may have written as text: int64, `NaN`, `Infinity`. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : 0;
}

/** An id, which older servers write as a number. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** JSON leaves zero and empty fields out of a metric; they are put back. */
export function metricOf(raw: Partial<Record<keyof Metric, unknown>>): Metric {
  return {
    key: String(raw.key),
    value: numberOf(raw.value),
    timestamp: numberOf(raw.timestamp),
    step: numberOf(raw.step)
  };
}

/** What the API answers for a run. */
export interface RawRun {
  info?: Record<string, unknown>;
  data?: { metrics?: Record<string, unknown>[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs?: { dataset_inputs?: DatasetInput[] };
}

/** A run with every list there, empty or not. */
export function runOf(raw: RawRun): Run {
  const { data = {}, inputs = {} } = raw;
  return {
    info: runInfoOf(raw.info ?? {}),
    data: { metrics: (data.metrics ?? []).map(metricOf), params: pairs(data.params), tags: pairs(data.tags) },
    inputs: { dataset_inputs: inputs.dataset_inputs ?? [] }
  };
}

/** Only the fields that `RunInfo` has, with times as numbers. */
export function runInfoOf(raw: Record<string, unknown>): RunInfo {
  const info: Record<string, unknown> = {
    run_id: raw['run_id'] ?? raw['run_uuid'],
    experiment_id: textOf(raw['experiment_id']),
    status: raw['status'],
    lifecycle_stage: raw['lifecycle_stage']
  };
  for (const name of ['run_name', 'user_id', 'artifact_uri'] as const) {
    if (raw[name] !== undefined) {
      info[name] = raw[name];
    }
  }
  for (const name of ['start_time', 'end_time'] as const) {
    if (raw[name] !== undefined && numberOf(raw[name]) !== 0) {
      info[name] = numberOf(raw[name]);
    }
  }
  return info as unknown as RunInfo;
}

/** An experiment with its tags there, empty or not, and times as numbers. */
export function experimentOf(raw: Record<string, unknown>): Experiment {
  const experiment: Record<string, unknown> = {
    experiment_id: raw['experiment_id'],
    name: raw['name'],
    lifecycle_stage: raw['lifecycle_stage'],
    tags: pairs(raw['tags'] as KeyValue[] | undefined)
  };
  if (raw['artifact_location'] !== undefined) {
    experiment['artifact_location'] = raw['artifact_location'];
  }
  for (const name of ['creation_time', 'last_update_time'] as const) {
    if (raw[name] !== undefined) {
      experiment[name] = numberOf(raw[name]);
    }
  }
  return experiment as unknown as Experiment;
}

/** A version of a model with its aliases there, empty or not. */
export function modelVersionOf(raw: Record<string, unknown>): ModelVersion {
  const aliases = Array.isArray(raw['aliases']) ? raw['aliases'].map(textOf) : [];
  const run = textOf(raw['run_id']);
  return {
    name: textOf(raw['name']),
    version: textOf(raw['version']),
    ...(run === '' ? {} : { run_id: run }),
    aliases: aliases.filter(alias => alias !== '')
  };
}

/** JSON leaves an empty value out. */
function pairs(list: readonly Partial<KeyValue>[] = []): KeyValue[] {
  return list.map(({ key = '', value = '' }) => ({ key, value }));
}
