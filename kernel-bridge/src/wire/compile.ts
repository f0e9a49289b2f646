import {
  T,
  arrayOf,
  compileFilter,
  compileProjection,
  compileSort,
  compileUpdate,
  documentOf,
  elements,
  parseCollation,
  EMPTY_DOCUMENT,
  type CollectionInfo,
  type Filter,
  type Projection,
  type QueryOptions,
  type RawElement,
  type RawValue,
  type Sort
} from '@argon/wal-core';
import { numberOf, type Arguments } from './arguments';
import { defaultCollation } from './collection-kind';
import { MongoError } from './errors';

/** The options that all parts of one command share: `let`, its collation or that of its collection, one clock. */
export function queryOptions(
  args: Arguments,
  now = Date.now(),
  info?: Pick<CollectionInfo, 'options'>
): QueryOptions {
  const variables = letOf(args.optionalDocument('let'));
  const named = args.optionalDocument('collation');
  const collation = named === undefined || named.length === 5 ? defaultCollation(info) : named;
  // Read here once, so that a bad one is an error also where nothing is compared.
  parseCollation(collation);
  return {
    ...(variables === undefined ? {} : { let: variables }),
    ...(collation === undefined ? {} : { collation }),
    now
  };
}

/**
 * `let` with its values computed: the command gives expressions (without fields), the query room takes constants.
 * An update pipeline on an empty document computes them.
 */
function letOf(variables: Buffer | undefined): Buffer | undefined {
  if (variables === undefined) {
    return undefined;
  }
  const given = elements(variables);
  given.forEach(checkVariable);
  if (!given.some(isExpression)) {
    return variables;
  }
  const stage = documentOf([{ name: '$replaceWith', type: T.OBJECT, bytes: variables }]);
  const pipeline = arrayOf([{ type: T.OBJECT, bytes: stage }]);
  return compileUpdate({ type: T.ARRAY, bytes: pipeline }).apply(EMPTY_DOCUMENT);
}

/** Checks a variable of `let` by its name, and that it is no field. @throws MongoError 9, 4890500 */
function checkVariable({ name, type, bytes }: RawElement): void {
  const wrong = (why: string): never => {
    throw new MongoError('FailedToParse', `Invalid 'let' parameter :: caused by :: ${why}`);
  };
  if (name === '') {
    wrong('empty variable names are not allowed');
  }
  if (!/^[a-z\u0080-\u{10ffff}]/u.test(name)) {
    wrong(`'${name}' starts with an invalid character for a user variable name`);
  }
  const [bad] = /[^A-Za-z0-9_\u0080-\u{10ffff}]/u.exec(name) ?? [];
  if (bad !== undefined) {
    wrong(`'${name}' contains an invalid character for a variable name: '${bad}'`);
  }
  if (type === T.STRING && bytes[4] === DOLLAR && bytes[5] !== DOLLAR) {
    throw new MongoError(
      4890500,
      'Command let Expression tried to access a field, but this is not allowed because Command let Expressions run ' +
        'before the query examines any documents.'
    );
  }
}

function isExpression({ type, bytes }: RawValue): boolean {
  return type === T.OBJECT || type === T.ARRAY || (type === T.STRING && bytes[4] === DOLLAR);
}

const DOLLAR = 0x24;

/** The filter of a command; a missing one matches everything. */
export function filterOf(filter: Buffer | undefined, options: QueryOptions): Filter {
  return compileFilter(filter ?? EMPTY_DOCUMENT, options);
}

/** A sort order; undefined when there is none. `{$natural: ±1}` is compiled by name only. */
export function sortOf(sort: Buffer | undefined, options: QueryOptions): Sort | undefined {
  if (sort === undefined || sort.length === 5) {
    return undefined;
  }
  const fields = elements(sort);
  if (fields.some(({ name }) => name === '$natural')) {
    return naturalSort(sort, fields.length, numberOf(fields[0]!));
  }
  return compileSort(sort, options);
}

/** A projection; undefined when there is none. */
export function projectionOf(projection: Buffer | undefined, options: QueryOptions): Projection | undefined {
  return projection === undefined || projection.length === 5
    ? undefined
    : compileProjection(projection, options);
}

/** The order of the store itself: the plan gives it, nothing is ever compared. */
function naturalSort(source: Buffer, fields: number, direction: number | undefined): Sort {
  if (fields > 1) {
    throw new MongoError('BadValue', "Cannot include '$natural' in compound sort");
  }
  if (direction !== 1 && direction !== -1) {
    throw new MongoError('BadValue', '$natural sort cannot be set to a value other than -1 or 1.');
  }
  const never = (): never => {
    throw new MongoError('InternalError', 'natural order is not compared');
  };
  return { source, isEmpty: false, collation: undefined, compare: never, sort: never, sorter: never };
}
