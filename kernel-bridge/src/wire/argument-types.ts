import { T, TYPE_NAMES, type RawValue } from '@argon/wal-core';
import type { Arguments } from './arguments';
import { MongoError } from './errors';

/** Checks the type of one argument, before the command looks at any; mongod does so while it reads a command. */
export type ArgumentCheck = (args: Arguments, name: string, value: RawValue, where?: string) => void;

/** Which arguments of a command have which type; the others are read by the command alone. */
export type ArgumentTypes = Readonly<Record<string, ArgumentCheck>>;

const NUMBERS: ReadonlySet<number> = new Set([T.DOUBLE, T.INT32, T.INT64, T.DECIMAL128]);

/** A type where null stands for a missing argument. */
const orNull =
  (expected: string | readonly string[], fits: (type: number) => boolean): ArgumentCheck =>
  (args, name, { type }, where) => {
    if (type !== T.NULL && !fits(type)) {
      args.wrongType(name, type, expected, where);
    }
  };

export const OBJECT = orNull('object', type => type === T.OBJECT);
export const STRING = orNull('string', type => type === T.STRING);
export const BOOL = orNull('bool', type => type === T.BOOL);
export const LONG = orNull('long', type => type === T.INT64);
export const INT = orNull('int', type => type === T.INT32);
/** A boolean or a number, 0 being false. */
export const FLAG = orNull(
  ['bool', 'long', 'int', 'decimal', 'double'],
  type => type === T.BOOL || NUMBERS.has(type)
);
export const NUMBER = orNull(['long', 'int', 'decimal', 'double'], type => NUMBERS.has(type));

/** A number in these bounds; fractions are cut off, as mongod does. */
export const between =
  (bounds: { readonly min?: number; readonly max?: number }): ArgumentCheck =>
  (args, name) =>
    void args.integer(name, bounds);

export const COUNT = between({ min: 0 });

/** An object, and null is none. */
export const GIVEN_OBJECT: ArgumentCheck = (_args, name, { type }) => {
  if (type !== T.OBJECT) {
    throw new MongoError('TypeMismatch', `Expected field ${name} to be of type object`);
  }
};

/** A boolean, and neither null nor a number is one. */
export const GIVEN_BOOL: ArgumentCheck = (_args, name, { type }) => {
  if (type !== T.BOOL) {
    throw new MongoError(
      'TypeMismatch',
      `Field '${name}' should be a boolean value, but found: ${TYPE_NAMES[type] ?? type}`
    );
  }
};

/** The name of an index or its key pattern. */
export const HINT: ArgumentCheck = (_args, _name, { type }) => {
  if (type !== T.OBJECT && type !== T.STRING) {
    throw new MongoError('FailedToParse', 'Hint must be a string or an object');
  }
};

/** Arguments that any command may carry, of which the command itself sees nothing. */
const GENERIC_TYPES: ArgumentTypes = {
  lsid: OBJECT,
  txnNumber: LONG,
  autocommit: BOOL,
  startTransaction: BOOL,
  apiStrict: BOOL,
  apiDeprecationErrors: BOOL
};

/** What mongod's errors call the object these are read into. */
const GENERIC_WHERE: Readonly<Record<string, string>> = {
  apiStrict: 'APIParametersFromClient',
  apiDeprecationErrors: 'APIParametersFromClient'
};

/** Checks the types of all arguments, in the order they were sent. @throws MongoError 14 and those of the checks */
export function checkTypes(types: ArgumentTypes | undefined, args: Arguments): void {
  for (const name of args.names()) {
    types?.[name]?.(args, name, args.get(name)!);
  }
}

/** The same for the generic ones. */
export function checkGenericTypes(args: Arguments): void {
  for (const [name, check] of Object.entries(GENERIC_TYPES)) {
    const value = args.get(name);
    if (value !== undefined) {
      check(args, name, value, GENERIC_WHERE[name] ?? 'OperationSessionInfo');
    }
  }
}
