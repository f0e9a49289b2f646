import {
  compileUpdate,
  docKeyOfValue,
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
  const update =
    parts.update === undefined
      ? undefined
      : compileUpdate(parts.update, arrayFilters === undefined ? options : { ...options, arrayFilters });
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
