import {
  EMPTY_DOCUMENT,
  T,
  compileUpdate,
  docKeyOfValue,
  documentOf,
  elements,
  type DocKey,
  type Filter,
  type QueryOptions,
  type RawValue,
  type Sort,
  type Update
} from '@argon/wal-core';
import { filterOf } from '../compile';
import { MongoError } from '../errors';
import type { Hint } from '../plan';

/** One compiled statement of an update, delete or findAndModify. */
export interface Statement {
  /** Position in the command. */
  readonly index: number;
  readonly filter: Filter;
  /** Undefined: remove. */
  readonly update: Update | undefined;
  readonly upsert: boolean;
  readonly multi: boolean;
  /** Which of several matching documents is meant (findAndModify). */
  readonly sort: Sort | undefined;
  readonly hint: Hint;
  /** The one document that can match, when the filter names its `_id`. */
  readonly key: DocKey | undefined;
}

/** What a statement is compiled from. */
export interface StatementParts {
  readonly index: number;
  readonly filter: Buffer;
  /** Value of `u`: a document or a pipeline. */
  readonly update?: RawValue;
  readonly arrayFilters?: readonly Buffer[];
  /** Raw `c`: variables of an update pipeline, beside those of `let`. */
  readonly constants?: Buffer;
  readonly upsert?: boolean;
  readonly multi?: boolean;
  readonly sort?: Sort | undefined;
  readonly hint?: Hint;
  readonly options: QueryOptions;
}

/** Compiles a statement. @throws whatever the query language refuses */
export function compileStatement(parts: StatementParts): Statement {
  const { options, arrayFilters, hint, index } = parts;
  const filter = filterOf(parts.filter, options);
  if (parts.upsert === true && namesExpression(parts.filter)) {
    throw new MongoError(
      'QueryFeatureNotAllowed',
      '$expr is not allowed in the query predicate for an upsert'
    );
  }
  const update =
    parts.update === undefined
      ? undefined
      : compileUpdate(parts.update, {
          ...withConstants(parts),
          ...(arrayFilters === undefined ? {} : { arrayFilters })
        });
  const multi = parts.multi ?? false;
  if (multi && update?.kind === 'replacement') {
    throw new MongoError('FailedToParse', 'multi update is not supported for replacement-style update');
  }
  const ids = hint === undefined ? filter.idEquals() : undefined;
  const [only] = ids ?? [];
  return {
    index,
    filter,
    update,
    upsert: parts.upsert ?? false,
    multi,
    sort: parts.sort,
    hint,
    key: ids?.length === 1 && only !== undefined ? docKeyOfValue(only) : undefined
  };
}

function withConstants({ constants, options, update }: StatementParts): QueryOptions {
  if (constants === undefined) {
    return options;
  }
  if (update?.type !== T.ARRAY) {
    throw new MongoError(51198, 'Constant values may only be specified for pipeline updates');
  }
  const variables = new Map(
    [...elements(options.let ?? EMPTY_DOCUMENT), ...elements(constants)].map(one => [one.name, one])
  );
  return { ...options, let: documentOf([...variables.values()]) };
}

/** Whether a filter holds an `$expr`, which says nothing an insert could be made from. */
function namesExpression(filter: Buffer): boolean {
  return elements(filter).some(
    ({ name, type, bytes }) =>
      name === '$expr' ||
      (LISTS.has(name) &&
        type === T.ARRAY &&
        elements(bytes).some(item => item.type === T.OBJECT && namesExpression(item.bytes)))
  );
}

const LISTS: ReadonlySet<string> = new Set(['$and', '$or', '$nor']);
