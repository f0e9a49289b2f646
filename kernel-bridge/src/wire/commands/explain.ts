import type { RawValue } from '@argon/wal-core';
import { Arguments, firstElement } from '../arguments';
import { filterOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { describeExecution, describePlan, explainFooter, runsQuery, type Verbosity } from '../explain';
import { readPlace, type ReadPlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun, type Query } from '../query';
import { emptyReply } from '../reply';
import type { Command, Reply } from '../registry';
import { AGGREGATE_FIELDS, openAggregate } from './aggregate';
import { collectionNameOf } from './collection-name';
import { openCount } from './count';
import { openDistinct } from './distinct';
import { explainAggregate } from './explain-aggregate';
import { FIND_FIELDS, openFind } from './find';

type Stage = Record<string, unknown>;

const VERBOSITIES: ReadonlySet<string> = new Set(['queryPlanner', 'executionStats', 'allPlansExecution']);

/** Tells how a command would read, and, if asked, reads. Writes are never executed. */
export const explain: Command = {
  name: 'explain',
  fields: ['verbosity'],
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
      const { run, query, collection } = openFind(within('FindCommandRequest', FIND_FIELDS));
      return answer(context, command, collection, run, query, verbosity, stage => stage);
    }
    case 'count': {
      const { run, collection } = openCount(within('count'));
      return answer(context, command, collection, run, run.query, verbosity, stage => ({
        stage: 'COUNT',
        inputStage: stage
      }));
    }
    case 'distinct': {
      const { run, collection } = openDistinct(within('distinct'));
      return answer(context, command, collection, run, run.query, verbosity, stage => stage);
    }
    case 'aggregate': {
      const inner = within('aggregate', AGGREGATE_FIELDS);
      return explainAggregate(inner, openAggregate(inner), verbosity);
    }
    case 'update':
    case 'delete': {
      const statement = onlyStatement(within(name), name);
      const stage = name === 'update' ? 'UPDATE' : 'DELETE';
      return explainWrite(
        within(name),
        command,
        statement.filter,
        undefined,
        statement.hint,
        verbosity,
        stage
      );
    }
    case 'findAndModify':
    case 'findandmodify': {
      const { args } = within('findAndModify');
      const stage = args.flag('remove', false) ? 'DELETE' : 'UPDATE';
      const filter = args.optionalDocument('query');
      return explainWrite(
        within('findAndModify'),
        command,
        filter,
        args.optionalDocument('sort'),
        args.get('hint'),
        verbosity,
        stage
      );
    }
    default:
      throw new MongoError('CommandNotFound', `Explain failed due to unknown command: ${name}`);
  }
}

function onlyStatement(
  { args }: CommandContext,
  name: 'update' | 'delete'
): { filter: Buffer; hint: RawValue | undefined } {
  const statements = args.documents(name === 'update' ? 'updates' : 'deletes');
  const [first] = statements;
  if (first === undefined || statements.length > 1) {
    throw new MongoError('InvalidLength', 'explained write batches must be of size 1');
  }
  const statement = new Arguments(first, `${name}.${name}s`);
  return { filter: statement.document('q'), hint: statement.get('hint') };
}

function explainWrite(
  context: CommandContext,
  command: Buffer,
  filter: Buffer | undefined,
  sort: Buffer | undefined,
  hint: RawValue | undefined,
  verbosity: Verbosity,
  stageName: string
): Promise<Reply> {
  const options = queryOptions(context.args);
  const collection = collectionNameOf(context);
  const query: Query = {
    filter: filterOf(filter, options),
    sort: sortOf(sort, options),
    projection: undefined,
    skip: 0,
    limit: Infinity
  };
  const place = readPlace(context);
  const info = place?.snapshot.collection(collection);
  const plan = choosePlan(context.services.engine, info, query.filter, query.sort, hint);
  const run = new QueryRun(
    place?.snapshot as NonNullable<ReadPlace>['snapshot'],
    info,
    plan,
    query,
    context.operation
  );
  return answer(context, command, collection, run, query, verbosity, stage => ({
    stage: stageName,
    inputStage: stage
  }));
}

async function answer(
  context: CommandContext,
  command: Buffer,
  collection: string,
  run: QueryRun,
  query: Query,
  verbosity: Verbosity,
  wrap: (stage: Stage) => Stage
): Promise<Reply> {
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
