import type { CollectionInfo } from '@argon/wal-core';
import { Arguments } from '../arguments';
import { withCap, type CapKeeper } from '../capped/keeper';
import { refuseView } from '../collection-kind';
import { queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { checkWritableName } from '../namespace';
import { ensureWritePlace, headOf, writePlace } from '../place';
import { checkHint } from '../plan';
import { writeTerms } from './apply';
import { runBatch } from './batch';
import { BatchResult, type Prepared } from './batch-result';
import { checkBatchSize } from './batch-size';
import { statementFailure } from './failure';
import { compileStatement, type StatementParts } from './statement';
import { ID_INDEX } from '../usage';

/** What update and delete do not share. */
export interface StatementForm {
  readonly name: 'update' | 'delete';
  /** Fields of one statement. */
  readonly fields: readonly string[];
  /** Reads one statement; what it throws fails the whole command. */
  readonly read: (statement: Arguments) => Omit<StatementParts, 'index' | 'options'>;
}

/** A pipeline that is none fails the whole command, as in mongod: it does not get as far as its statements. */
const NOT_A_PIPELINE: ReadonlySet<number> = new Set([40323, 40324]);

/** Compiles the statements of an update or delete command; the fault of one is its result. */
export function readStatements(
  context: CommandContext,
  collection: string,
  { name, fields, read }: StatementForm,
  info: CollectionInfo | undefined,
  now = Date.now()
): Prepared[] {
  const namespace = `${context.database}.${collection}`;
  const shared = queryOptions(context.args, now, info);
  return context.args
    .documents(`${name}s`)
    .map(raw => new Arguments(raw, `${name}.${name}s`).only(fields, undefined))
    .map((statement, index) => {
      const parts = read(statement);
      checkHint(parts.hint);
      const collation = statement.optionalDocument('collation');
      const isNamed = collation !== undefined && collation.length > 5;
      const options = { ...shared, ...(isNamed ? { collation } : {}) };
      try {
        refuseView(context.database, collection, info);
        return compileStatement({ ...parts, index, options });
      } catch (error) {
        const failure = statementFailure(error, namespace);
        if (NOT_A_PIPELINE.has(failure.code)) {
          throw failure;
        }
        return { index, error: failure };
      }
    });
}

/** Executes an update or delete command. */
export async function runStatements(
  context: CommandContext,
  collection: string,
  form: StatementForm
): Promise<BatchResult> {
  const { args, services } = context;
  // In a transaction the first error ends everything.
  const ordered = args.bool('ordered', true) || context.transaction !== undefined;
  const terms = writeTerms({ validates: !args.flag('bypassDocumentValidation', false) });
  const existing = writePlace(context);
  const info = existing === undefined ? undefined : (await headOf(context, existing)).collection(collection);
  const prepared = readStatements(context, collection, form, info, terms.now);
  checkBatchSize(prepared.length);
  checkWritableName(context.database, collection);
  services.statistics.count(form.name, prepared.length - 1);
  if (existing !== undefined && info !== undefined) {
    const byId = prepared.filter(statement => !('error' in statement) && statement.key !== undefined);
    services.usage.useIndex(existing.project, info, ID_INDEX, byId.length);
  }
  const upserts = prepared.some(statement => !('error' in statement) && statement.upsert);
  const place = upserts ? await ensureWritePlace(context) : existing;
  if (place !== undefined) {
    const run = (cap: CapKeeper | undefined): Promise<BatchResult> =>
      runBatch(context, { place, collection, terms: { ...terms, ...(cap && { cap }) }, ordered }, prepared);
    return upserts ? withCap(context, place, collection, run) : run(undefined);
  }
  // Nothing is there to write to, and nothing may be made: only the statements' own faults are left to tell.
  const result = new BatchResult(context, collection);
  result.addFaults(prepared, ordered);
  return result;
}
