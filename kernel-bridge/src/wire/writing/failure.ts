import { documentFromExtendedJson, isArgonError, type ArgonError } from '@argon/wal-core';
import { DocumentBuilder } from '../builder';
import { MONGO_CODES } from '../codes';
import { MongoError, decodeExtendedJson, toMongoError } from '../errors';
import { documentText } from '../shell-text';

/** Errors that fail one statement; all others (disk, protection, time) fail the command. */
const COMMAND_ERRORS: ReadonlySet<string> = new Set([
  'BRANCH_NOT_FOUND',
  'BRANCH_PROTECTED',
  'PROJECT_NOT_FOUND',
  'READ_ONLY',
  'DISK_FULL',
  'LOG_FAILED',
  'DATA_CORRUPT',
  'CLOSED',
  'CANCELLED',
  'INTERNAL',
  'HISTORY_GONE',
  'WRITE_CONFLICT',
  'TRANSACTION_GONE'
]);

/** Interruptions: time is up, killed, shutting down. */
const INTERRUPTIONS: ReadonlySet<number> = new Set([
  MONGO_CODES.MaxTimeMSExpired,
  MONGO_CODES.CursorKilled,
  MONGO_CODES.InterruptedAtShutdown,
  MONGO_CODES.Interrupted
]);

/** The failure of one statement, as `writeErrors` shows it. Rethrows what fails the whole command. */
export function statementFailure(error: unknown, namespace: string): MongoError {
  if (isArgonError(error, 'DUPLICATE_KEY')) {
    return duplicateKey(error, namespace);
  }
  if (isArgonError(error)) {
    if (COMMAND_ERRORS.has(error.code)) {
      throw error;
    }
    return toMongoError(error);
  }
  if (error instanceof MongoError && !INTERRUPTIONS.has(error.code)) {
    return error;
  }
  throw error;
}

/** A duplicate key as MongoDB words it. */
export function duplicateKey(error: ArgonError, namespace: string): MongoError {
  const { index, keyPattern, keyValue } = error.data;
  const text = keyValue === undefined ? '{}' : documentText(documentFromExtendedJson(keyValue));
  return new MongoError(
    'DuplicateKey',
    `E11000 duplicate key error collection: ${namespace} index: ${String(index)} dup key: ${text}`,
    {
      fields: { keyPattern: decodeExtendedJson(keyPattern), keyValue: decodeExtendedJson(keyValue) },
      cause: error
    }
  );
}

/** One entry of `writeErrors`. */
export function writeErrorEntry(index: number, error: MongoError): Buffer {
  return new DocumentBuilder(128)
    .int32('index', index)
    .int32('code', error.code)
    .string('errmsg', error.message)
    .fields(error.fields)
    .finish();
}
