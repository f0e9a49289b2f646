import { Arguments, firstElement } from '../arguments';
import { filterOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { describeExecution, describePlan, explainFooter, runsQuery, type Verbosity } from '../explain';
import { allOf, openRun, openTarget, type OpenedRun, type Target } from '../open-run';
import { emptyReply } from '../reply';
import type { Command, Reply } from '../registry';
import { asAggregate, isView, viewStages, type ViewQuery } from '../view-read';
import { readStatements, type StatementForm } from '../writing/statements';
import { openAggregate } from '../open-aggregate';
import { AGGREGATE_FIELDS } from './aggregate';
import { collectionNameOf } from './collection-name';
import { countTarget, openCount, viewCount } from './count';
import { distinctTarget, openDistinct } from './distinct';
import { explainAggregate } from './explain-aggregate';
import { DELETES } from './delete';
import { FIND_FIELDS, findTarget, openFind, viewQuery } from './find';
import { UPDATES } from './update';

type Stage = Record<string, unknown>;
const asIs = (stage: Stage): Stage => stage;
const below =
  (name: string) =>
  (stage: Stage): Stage => ({ stage: name, inputStage: stage });

const VERBOSITIES: ReadonlySet<string> = new Set(['queryPlanner', 'executionStats', 'allPlansExecution']);

/** Tells how a command would read, and, if asked, reads. Writes are never executed. */
export const explain: Command = {
  name: 'explain',
  fields: ['verbosity'],
  reads: true,
  run: async context => {
    const { args } = context;
    const inner = args.document('explain');
    const verbosity = args.optionalString('verbosity') ?? 'allPlansExecution';
    if (!VERBOSITIES.has(verbosity)) {
      throw new MongoError(
        'BadValue',
        `Enumeration value '${verbosity}' for field 'explain.verbosity' is not a valid value.`
      );
    }
    return explainCommand(context, inner, verbosity as Verbosity);
  }
};

async function explainCommand(
  context: CommandContext,
  command: Buffer,
  verbosity: Verbosity
): Promise<Reply> {
  const name = firstElement(command)?.name ?? '';
  const within = (where: string, fields?: readonly string[]): CommandContext => {
    const args = new Arguments(command, where);
    return { ...context, name, args: fields === undefined ? args : args.only([name, ...fields]) };
  };
  switch (name) {
    case 'find': {
      const inner = within('FindCommandRequest', FIND_FIELDS);
      const target = findTarget(inner);
      return isView(target)
        ? explainView(inner, target, viewQuery(inner), verbosity)
        : answer(context, command, openFind(inner, target), verbosity, asIs);
    }
    case 'count': {
      const inner = within('count');
      const target = countTarget(inner);
      return isView(target)
        ? explainView(inner, target, viewCount(inner), verbosity)
        : answer(context, command, openCount(inner, target), verbosity, below('COUNT'));
    }
    case 'distinct': {
      const inner = within('distinct');
      const target = distinctTarget(inner);
      return isView(target)
        ? explainView(inner, target, { filter: inner.args.optionalDocument('query') }, verbosity)
        : answer(context, command, openDistinct(inner, target), verbosity, asIs);
    }
    case 'aggregate': {
      const inner = within('aggregate', AGGREGATE_FIELDS);
      return explainAggregate(inner, openAggregate(inner), verbosity);
    }
    case 'update':
      return answer(context, command, openStatement(within(name), UPDATES), verbosity, below('UPDATE'));
    case 'delete':
      return answer(context, command, openStatement(within(name), DELETES), verbosity, below('DELETE'));
    case 'findAndModify':
    case 'findandmodify': {
      const inner = within('findAndModify');
      const stage = inner.args.flag('remove', false) ? 'DELETE' : 'UPDATE';
      return answer(context, command, openModified(inner), verbosity, below(stage));
    }
    case 'insert':
    case 'getMore':
      throw new MongoError('IllegalOperation', `Cannot explain cmd: ${name}`);
    default:
      throw new MongoError('CommandNotFound', `Explain failed due to unknown command: ${name}`);
  }
}

/** A query on a view is explained as the aggregate it is. */
function explainView(
  context: CommandContext,
  target: Target,
  query: ViewQuery,
  verbosity: Verbosity
): Promise<Reply> {
  const args = new Arguments(asAggregate(target.collection, viewStages(query)), 'aggregate');
  const inner = { ...context, name: 'aggregate', args };
  return explainAggregate(inner, openAggregate(inner), verbosity);
}

/** The read of the one statement of an update or delete. */
function openStatement(context: CommandContext, form: StatementForm): OpenedRun {
  const collection = collectionNameOf(context);
  const { info } = openTarget(context, collection);
  const [statement, ...more] = readStatements(context, collection, form, info);
  if (statement === undefined || more.length > 0) {
    throw new MongoError('InvalidLength', 'explained write batches must be of size 1');
  }
  if ('error' in statement) {
    throw statement.error;
  }
  return openRun(context, openTarget(context, collection), allOf(statement.filter), statement.hint);
}

/** The read of a findAndModify. */
function openModified(context: CommandContext): OpenedRun {
  const { args } = context;
  const target = openTarget(context, collectionNameOf(context));
  const options = queryOptions(args, undefined, target.info);
  const filter = filterOf(args.optionalDocument('query'), options);
  const query = { ...allOf(filter), sort: sortOf(args.optionalDocument('sort'), options) };
  return openRun(context, target, query, args.get('hint'));
}

async function answer(
  context: CommandContext,
  command: Buffer,
  { run, collection }: OpenedRun,
  verbosity: Verbosity,
  wrap: (stage: Stage) => Stage
): Promise<Reply> {
  const { query } = run;
  const startedAt = Date.now();
  const reply = emptyReply()
    .string('explainVersion', '1')
    .value('queryPlanner', describePlan(`${context.database}.${collection}`, run, query, wrap));
  if (runsQuery(verbosity)) {
    let returned = 0;
    for await (const batch of run.documents()) {
      returned += batch.length;
    }
    const stats = describeExecution(run, query, startedAt, returned, wrap);
    reply.value(
      'executionStats',
      verbosity === 'allPlansExecution' ? { ...stats, allPlansExecution: [] } : stats
    );
  }
  return reply.fields(explainFooter(context, command));
}
