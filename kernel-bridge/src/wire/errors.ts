import { documentFromExtendedJson, isArgonError, type ArgonError, type ErrorCode } from '@argon/wal-core';
import { MONGO_CODES, codeNameOf, type MongoCodeName } from './codes';
import { typedDocument } from './typed';

/** An error as a MongoDB client sees it: `{ok: 0, errmsg, code, codeName, …}`. */
export class MongoError extends Error {
  readonly code: number;
  /** Further fields of the reply, decoded: `keyPattern`, `errorLabels`, `argon` … */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: MongoCodeName | number,
    message: string,
    options: { fields?: Readonly<Record<string, unknown>>; cause?: unknown } = {}
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MongoError';
    this.code = typeof code === 'number' ? code : MONGO_CODES[code];
    this.fields = options.fields ?? {};
  }

  get codeName(): string {
    return codeNameOf(this.code);
  }
}

/** A query that cannot be planned: the hint names no index, and the like. */
export class PlanError extends MongoError {
  constructor(message: string, code: number = MONGO_CODES.BadValue) {
    super(code, `error processing query: planner returned error :: caused by :: ${message}`);
    this.name = 'PlanError';
  }
}

/** A fault in the bytes of a connection; it is closed without an answer, as mongod does. */
export class ProtocolFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolFault';
  }
}

const BY_ARGON_CODE: Readonly<Record<ErrorCode, MongoCodeName>> = {
  BAD_REQUEST: 'BadValue',
  METHOD_NOT_FOUND: 'CommandNotFound',
  NAME_INVALID: 'InvalidNamespace',
  PROJECT_NOT_FOUND: 'NamespaceNotFound',
  PROJECT_EXISTS: 'NamespaceExists',
  BRANCH_NOT_FOUND: 'NamespaceNotFound',
  BRANCH_EXISTS: 'NamespaceExists',
  // Not IllegalOperation: the Node driver takes that for a server without retryable writes.
  BRANCH_PROTECTED: 'CommandNotSupported',
  REF_NOT_FOUND: 'NamespaceNotFound',
  REF_INVALID: 'InvalidNamespace',
  LSN_IN_FUTURE: 'BadValue',
  HISTORY_GONE: 'SnapshotTooOld',
  READ_ONLY: 'CommandNotSupported',
  COLLECTION_NOT_FOUND: 'NamespaceNotFound',
  COLLECTION_EXISTS: 'NamespaceExists',
  INDEX_NOT_FOUND: 'IndexNotFound',
  INDEX_CONFLICT: 'IndexKeySpecsConflict',
  DUPLICATE_KEY: 'DuplicateKey',
  DOCUMENT_NOT_FOUND: 'NoSuchKey',
  DOCUMENT_INVALID: 'BadValue',
  LIMIT_EXCEEDED: 'BadValue',
  PIN_NOT_FOUND: 'NamespaceNotFound',
  PIN_EXISTS: 'NamespaceExists',
  PLAN_NOT_FOUND: 'NoSuchKey',
  PLAN_STALE: 'IllegalOperation',
  PLAN_APPLIED: 'IllegalOperation',
  PLAN_UNANSWERED: 'IllegalOperation',
  CHECKS_MISSING: 'IllegalOperation',
  NOTHING_TO_DO: 'IllegalOperation',
  RUN_NOT_FOUND: 'NamespaceNotFound',
  USER_NOT_FOUND: 'UserNotFound',
  USER_EXISTS: 'UserAlreadyExists',
  SESSION_NOT_FOUND: 'NoSuchSession',
  WRITE_CONFLICT: 'WriteConflict',
  CANCELLED: 'Interrupted',
  TRANSACTION_GONE: 'NoSuchTransaction',
  DISK_FULL: 'OutOfDiskSpace',
  LOG_FAILED: 'InternalError',
  READ_FAILED: 'InternalError',
  DATA_CORRUPT: 'InternalError',
  FORMAT_TOO_NEW: 'InternalError',
  DIRECTORY_LOCKED: 'InternalError',
  BRIDGE_UNAVAILABLE: 'InternalError',
  BRIDGE_STARTING: 'InternalError',
  BRIDGE_VERSION: 'InternalError',
  CLOSED: 'InterruptedAtShutdown',
  INTERNAL: 'InternalError'
};

/** What a caught error is to a MongoDB client. Faults of ours show no stack and no internals. */
export function toMongoError(error: unknown): MongoError {
  if (error instanceof MongoError) {
    return error;
  }
  if (isArgonError(error)) {
    return fromArgon(error);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new MongoError('InternalError', `An unexpected fault inside Argon: ${message}`, { cause: error });
}

function fromArgon(error: ArgonError): MongoError {
  const wished = error.data['mongoCode'];
  const code = typeof wished === 'number' ? wished : MONGO_CODES[BY_ARGON_CODE[error.code]];
  const fields: Record<string, unknown> = {};
  if (code === MONGO_CODES.DuplicateKey) {
    fields['keyPattern'] = decodeExtendedJson(error.data['keyPattern']);
    fields['keyValue'] = decodeExtendedJson(error.data['keyValue']);
  }
  // An error of the query language is MongoDB's own; the others carry the code of our catalogue.
  const own = typeof wished !== 'number' && error.code !== 'DUPLICATE_KEY';
  if (own) {
    fields['argon'] = { code: error.code };
  }
  return new MongoError(code, own ? `${error.code}: ${error.message}` : error.message, {
    fields,
    cause: error
  });
}

/**
 * An error of the query language with where it came up in front, as mongod words it. Faults of planning
 * and errors of ours stay as they are.
 */
export function inContext(error: unknown, where: string): unknown {
  const ofQuery = isArgonError(error) && typeof error.data['mongoCode'] === 'number';
  if ((!ofQuery && !(error instanceof MongoError)) || error instanceof PlanError) {
    return error;
  }
  const { code, message, fields } = toMongoError(error);
  return new MongoError(code, `${where} :: caused by :: ${message}`, { fields, cause: error });
}

/** What an error carries as Extended JSON, for a reply. */
export function decodeExtendedJson(json: unknown): unknown {
  // Not by the driver's EJSON: it refuses values that a document may well hold, such as a UUID of one byte.
  return json === undefined ? {} : typedDocument(documentFromExtendedJson(json));
}

/** Whether an error is a fault of ours that the log should hold. */
export function isFault(error: MongoError): boolean {
  return error.code === MONGO_CODES.InternalError;
}
