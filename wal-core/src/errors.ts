/**
 * The one error tree of Argon. Every error a person may meet carries a stable
 * `code`, a `message` that says what happened, to what, and what to do next, and
 * `data` for programs. The catalogue in docs/errors.md is generated from `ERROR_CODES`.
 */
export const ERROR_CODES = {
  BAD_REQUEST: 'The request is malformed: a parameter is missing, of the wrong type or out of range.',
  METHOD_NOT_FOUND: 'The bridge has no method of this name.',
  NAME_INVALID: 'A project, branch, pin or collection name breaks the naming rules.',
  PROJECT_NOT_FOUND: 'There is no project of this name.',
  PROJECT_EXISTS: 'A project of this name exists already.',
  BRANCH_NOT_FOUND: 'There is no branch of this name in the project.',
  BRANCH_EXISTS: 'A branch of this name exists already.',
  BRANCH_PROTECTED:
    'The branch is protected or is the default branch, and the operation is not allowed on it.',
  REF_NOT_FOUND: 'The ref names no branch, pin or run of the project.',
  REF_INVALID:
    'The text is not a ref. Refs are branch, branch@LSN, branch@TIME, branch@-5m, pin:NAME and run:ID.',
  LSN_IN_FUTURE: 'The LSN has not been written yet, or the time has not come.',
  HISTORY_GONE: 'The state lies below the horizon of garbage collection.',
  READ_ONLY: 'The ref is a past state; only the head of a branch can be written.',
  COLLECTION_NOT_FOUND: 'There is no collection of this name in this state.',
  COLLECTION_EXISTS: 'A collection of this name exists already.',
  INDEX_NOT_FOUND: 'There is no index of this name on the collection.',
  INDEX_CONFLICT: 'An index of this name exists with another definition.',
  DUPLICATE_KEY: 'A unique index (or _id) already holds this key.',
  DOCUMENT_NOT_FOUND: 'There is no document with this _id.',
  DOCUMENT_INVALID: 'The bytes are not a valid document, or the document breaks a rule of the collection.',
  LIMIT_EXCEEDED: 'A limit of the engine was exceeded. The error states the limit and the value.',
  PIN_NOT_FOUND: 'There is no pin of this name.',
  PIN_EXISTS: 'A pin of this name exists already.',
  PLAN_NOT_FOUND: 'There is no plan with this id.',
  PLAN_STALE: 'A head has moved since the plan was made. Make a new plan.',
  PLAN_APPLIED: 'The plan has been applied already.',
  PLAN_UNANSWERED: 'The plan has conflicts without an answer.',
  CHECKS_MISSING:
    'The branch takes a plan only when named checks have passed, and some have not. The error names them.',
  NOTHING_TO_DO: 'The operation would change nothing.',
  RUN_NOT_FOUND: 'The run is unknown to Argon.',
  USER_NOT_FOUND: 'There is no user of this name.',
  USER_EXISTS: 'A user of this name exists already.',
  SESSION_NOT_FOUND: 'The session is unknown to the bridge. Open it again.',
  WRITE_CONFLICT: 'The document was changed by another writer. Try again.',
  TRANSACTION_GONE: 'The transaction has ended: it was committed, aborted, or open for too long.',
  CANCELLED: 'The operation was cancelled.',
  DISK_FULL: 'The disk is full. Nothing was lost; free some space and try again.',
  LOG_FAILED: 'Writing the log failed. The engine takes no more writes until it is restarted.',
  READ_FAILED:
    'The data directory could not be read. Nothing was changed; try again, and look at the disk when it comes again.',
  DATA_CORRUPT: 'A checksum does not match. The data directory needs attention before it is used.',
  FORMAT_TOO_NEW: 'The data directory was written by a newer version of Argon.',
  DIRECTORY_LOCKED: 'Another bridge uses this data directory.',
  BRIDGE_UNAVAILABLE: 'The bridge is not running or cannot be reached.',
  BRIDGE_STARTING: 'The bridge is starting, perhaps again after a crash, and was not ready in time.',
  BRIDGE_VERSION: 'The bridge and the client are of versions that do not fit together.',
  CLOSED: 'The engine is closed.',
  INTERNAL: 'An unexpected fault inside Argon. Please report it.'
} as const;

/** A stable error code, the same on every surface. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error carries for programs: plain JSON values only, never credentials. */
export type ErrorData = Readonly<Record<string, unknown>>;

/** An error with a stable code. */
export class ArgonError extends Error {
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(code: ErrorCode, message: string, options: { data?: ErrorData; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ArgonError';
    this.code = code;
    this.data = options.data ?? {};
  }

  toJSON(): { code: ErrorCode; message: string; data: ErrorData } {
    return { code: this.code, message: this.message, data: this.data };
  }
}

/** Whether `error` is an ArgonError, optionally of the given code. */
export function isArgonError(error: unknown, code?: ErrorCode): error is ArgonError {
  return error instanceof ArgonError && (code === undefined || error.code === code);
}
