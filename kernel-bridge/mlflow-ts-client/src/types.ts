/** States of a run. */
export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';
/** Whether something is there or in the trash. */
export type LifecycleStage = 'active' | 'deleted';
/** Which stages a search looks at. */
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

/** A tag, or a parameter. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** One value of a metric. `NaN` and infinities are numbers here. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface RunInfo {
  readonly run_id: string;
  readonly run_name?: string;
  readonly experiment_id: string;
  readonly user_id?: string;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly start_time?: number;
  readonly end_time?: number;
  readonly artifact_uri?: string;
  readonly lifecycle_stage: LifecycleStage;
}

export interface Dataset {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  readonly source_type: string;
  /** JSON text, by convention. */
  readonly source: string;
  readonly schema?: string;
  readonly profile?: string;
}

export interface DatasetInput {
  readonly tags?: readonly KeyValue[];
  readonly dataset: Dataset;
}

export interface RunData {
  /** The newest value of each metric. */
  readonly metrics: readonly Metric[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

export interface Run {
  readonly info: RunInfo;
  readonly data: RunData;
  readonly inputs: { readonly dataset_inputs: readonly DatasetInput[] };
}

export interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly artifact_location?: string;
  readonly lifecycle_stage: LifecycleStage;
  readonly creation_time?: number;
  readonly last_update_time?: number;
  readonly tags: readonly KeyValue[];
}

/** A version of a registered model. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly run_id?: string;
  /** Such as `champion`. A search may leave them out; `getModelVersion` has them. */
  readonly aliases: readonly string[];
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}
