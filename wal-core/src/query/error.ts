import { ArgonError } from '../errors';

/** Names of the MongoDB error codes that have one; other codes are called `Location<code>`. */
const CODE_NAMES: Readonly<Record<number, string>> = {
  2: 'BadValue',
  9: 'FailedToParse',
  14: 'TypeMismatch',
  15: 'Overflow',
  20: 'IllegalOperation',
  28: 'PathNotViable',
  34: 'CannotBackfillArray',
  40: 'ConflictingUpdateOperators',
  52: 'DollarPrefixedFieldName',
  53: 'InvalidIdField',
  54: 'NotSingleValueField',
  55: 'InvalidDBRef',
  56: 'EmptyFieldName',
  57: 'DottedFieldName',
  59: 'CommandNotFound',
  66: 'ImmutableField',
  67: 'CannotCreateIndex',
  72: 'InvalidOptions',
  73: 'InvalidNamespace',
  115: 'CommandNotSupported',
  146: 'ExceededMemoryLimit',
  168: 'InvalidPipelineOperator',
  171: 'CannotIndexParallelArrays',
  238: 'NotImplemented',
  241: 'ConversionFailure',
  292: 'QueryExceededMemoryLimitNoDiskUseAllowed'
};

/** The name that goes with a MongoDB error code. */
export function codeName(mongoCode: number): string {
  return CODE_NAMES[mongoCode] ?? `Location${mongoCode}`;
}

/** An error with the code real MongoDB gives, in `data.mongoCode` and `data.codeName`. */
export function queryError(mongoCode: number, message: string): ArgonError {
  return new ArgonError('BAD_REQUEST', message, { data: { mongoCode, codeName: codeName(mongoCode) } });
}

/** Something MongoDB can do and Argon cannot yet: never a wrong answer. */
export function notImplemented(what: string): ArgonError {
  return queryError(238, `${what} is not implemented`);
}
