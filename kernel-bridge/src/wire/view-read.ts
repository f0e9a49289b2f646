import { T, arrayOf, documentOf, type RawValue } from '@argon/wal-core';
import { checkViewCollation, defaultCollation, viewOf } from './collection-kind';
import { queryOptions } from './compile';
import type { ReadContext } from './context';
import type { Target } from './open-run';
import { openPipeline, runNoted, type OpenedPipeline } from './pipelines';

/** What a query asks of a view, as raw parts of its command. */
export interface ViewQuery {
  readonly filter?: Buffer | undefined;
  readonly sort?: Buffer | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  readonly projection?: Buffer | undefined;
}

/** Whether a name shows another collection's documents. */
export function isView({ info }: Target): boolean {
  return viewOf(info) !== undefined;
}

/** A query on a view is a pipeline behind that of the view. @throws MongoError 167 */
export function openView(context: ReadContext, target: Target, stages: readonly Buffer[]): OpenedPipeline {
  const { args } = context;
  checkViewCollation(target.info, args.optionalDocument('collation'));
  const { collation: _asked, ...rest } = queryOptions(args);
  const collation = defaultCollation(target.info);
  return openPipeline(context, target, stages, { ...rest, ...(collation && { collation }) }, undefined);
}

/** What a view shows of a query, in batches. */
export function viewDocuments(
  context: ReadContext,
  target: Target,
  query: ViewQuery
): AsyncIterable<readonly Buffer[]> {
  return runNoted(context, openView(context, target, viewStages(query)));
}

/** The stages that do what a query asks. */
export function viewStages({ filter, sort, skip, limit, projection }: ViewQuery): Buffer[] {
  const stages: Buffer[] = [];
  const add = (name: string, value: RawValue): void => {
    stages.push(documentOf([{ ...value, name }]));
  };
  if (filter !== undefined && filter.length > 5) {
    add('$match', { type: T.OBJECT, bytes: filter });
  }
  if (sort !== undefined && sort.length > 5 && !sort.includes('$natural')) {
    add('$sort', { type: T.OBJECT, bytes: sort });
  }
  if (skip !== undefined && skip > 0) {
    add('$skip', int64(skip));
  }
  if (limit !== undefined && Number.isFinite(limit) && limit > 0) {
    add('$limit', int64(limit));
  }
  if (projection !== undefined && projection.length > 5) {
    add('$project', { type: T.OBJECT, bytes: projection });
  }
  return stages;
}

function int64(n: number): RawValue {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(n));
  return { type: T.INT64, bytes };
}

/** A query on a view as the aggregate command it stands for, for `explain`. */
export function asAggregate(view: string, stages: readonly Buffer[]): Buffer {
  const name = Buffer.alloc(5 + Buffer.byteLength(view));
  name.writeInt32LE(name.length - 4, 0);
  name.write(view, 4);
  return documentOf([
    { name: 'aggregate', type: T.STRING, bytes: name },
    {
      name: 'pipeline',
      type: T.ARRAY,
      bytes: arrayOf(stages.map(bytes => ({ type: T.OBJECT, bytes })))
    },
    { name: 'cursor', type: T.OBJECT, bytes: Buffer.from([5, 0, 0, 0, 0]) }
  ]);
}
