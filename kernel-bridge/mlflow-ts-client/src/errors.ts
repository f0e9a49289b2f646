/** Error codes of MLflow's REST API that callers often tell apart; others come as they are. */
export type MlflowErrorCode =
  | 'RESOURCE_DOES_NOT_EXIST'
  | 'RESOURCE_ALREADY_EXISTS'
  | 'INVALID_PARAMETER_VALUE'
  | 'INVALID_STATE'
  | 'BAD_REQUEST'
  | 'ENDPOINT_NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'REQUEST_LIMIT_EXCEEDED'
  | 'TEMPORARILY_UNAVAILABLE'
  | 'INTERNAL_ERROR'
  | (string & {});

/** The tracking server answered with an error. */
export class MlflowApiError extends Error {
  constructor(
    /** HTTP status. */
    readonly status: number,
    /** MLflow's own `error_code`; `INTERNAL_ERROR` when the answer carried none. */
    readonly code: MlflowErrorCode,
    message: string
  ) {
    super(message);
    this.name = 'MlflowApiError';
  }
}

/** The tracking server could not be reached, or did not answer in time. */
export class MlflowConnectionError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MlflowConnectionError';
  }
}

/** Whether `error` says that a run or experiment is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof MlflowApiError && error.code === 'RESOURCE_DOES_NOT_EXIST';
}
