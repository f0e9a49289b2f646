import { Arguments, firstElement } from '../arguments';
import { filterOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { describeExecution, describePlan, explainFooter, runsQuery, type Verbosity } from '../explain';
import { allOf, openRun, type OpenedRun } from '../open-run';
import { emptyReply } from '../reply';
import type { Command, Reply } from '../registry';
import { readStatements, type StatementForm } from '../writing/statements';
import { AGGREGATE_FIELDS, openAggregate } from './aggregate';
import { collectionNameOf } from './collection-name';
import { openCount } from './count';
import { openDistinct } from './distinct';
import { explainAggregate } from './explain-aggregate';
import { DELETES } from './delete';
import { FIND_FIELDS, openFind } from './find';
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
      return answer(context, command, openFind(within('FindCommandRequest', FIND_FIELDS)), verbosity, asIs);
    }
    case 'count': {
      return answer(context, command, openCount(within('count')), verbosity, below('COUNT'));
    }
    case 'distinct': {
      return answer(context, command, openDistinct(within('distinct')), verbosity, asIs);
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

/** The read of the one statement of an update or delete. */
function openStatement(context: CommandContext, form: StatementForm): OpenedRun {
  const collection = collectionNameOf(context);
  const [statement, ...more] = readStatements(context, collection, form);
  if (statement === undefined || more.length > 0) {
    throw new MongoError('InvalidLength', 'explained write batches must be of size 1');
  }
  if ('error' in statement) {
    throw statement.error;
  }
  return openRun(context, collection, allOf(statement.filter), statement.hint);
}

/** The read of a findAndModify. */
function openModified(context: CommandContext): OpenedRun {
  const { args } = context;
  const options = queryOptions(args);
  const filter = filterOf(args.optionalDocument('query'), options);
  const query = { ...allOf(filter), sort: sortOf(args.optionalDocument('sort'), options) };
  return openRun(context, collectionNameOf(context), query, args.get('hint'));
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
