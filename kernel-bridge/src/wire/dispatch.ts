import { T, TYPE_NAMES, field } from '@argon/wal-core';
import { checkApiVersion } from './api-version';
import { checkGenericTypes } from './argument-types';
import { Arguments, firstElement, stringOf } from './arguments';
import { DocumentBuilder } from './builder';
import {
  checkClusterTime,
  checkReadConcern,
  checkReadPreference,
  checkWriteConcern,
  readReadConcern
} from './concerns';
import type { CommandContext, ConnectionState, RetryIdentity, Services } from './context';
import { MongoError, ProtocolFault, isFault, toMongoError } from './errors';
import { isMeant, suffer, type Failure } from './failpoint/fail-command';
import { labelsOf } from './labels';
import { sessionKey } from './lsid';
import type { Request } from './message';
import { NOT_IMPLEMENTED } from './missing';
import { OP } from './frame';
import { errorFields } from './reply';
import { addWriteConcernError } from './commands/write-reply';
import { openTransactionState } from './place';
import { checkFields, type Command, type Registry } from './registry';
import { enterTransaction, readTransaction } from './transactions/enter';
import type { WireTransaction } from './transactions/transaction';

/** The commands OP_QUERY may carry: what drivers open a connection with. */
const HANDSHAKES: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'ping',
  'buildInfo',
  'buildinfo'
]);

/** What stands for a signature of `$clusterTime` where nobody signs: `{hash: BinData(0, 20 zeros), keyId: 0}`. */
const NO_SIGNATURE = new DocumentBuilder(64).value('hash', Buffer.alloc(20)).int64('keyId', 0).finish();

/** Ends the namespace of a command that is about no collection. */
const NO_COLLECTION = '.$cmd';

/** Executes requests: finds the command, checks what all commands share, and turns results and errors into replies. */
export class Dispatcher {
  constructor(
    private readonly services: Services,
    private readonly registry: Registry
  ) {}

  /** The raw BSON reply. @throws ProtocolFault when a fail point closes the connection, nothing else */
  async execute(request: Request, connection: ConnectionState): Promise<Buffer> {
    let opened: { command: Command; args: Arguments } | undefined;
    try {
      const { command, args, name, database } = this.open(request, connection);
      opened = { command, args };
      const failure = this.services.failPoints?.failCommand.enter(data =>
        isMeant(data, command, args, database, connection)
      );
      if (failure !== undefined) {
        await suffer(failure);
      }
      this.services.statistics.count(command.name);
      const namespace = namespaceIn(command, args, name, database);
      const operation = this.services.operations.start(connection, command.name, namespace);
      const began = performance.now();
      try {
        const context = this.context(command, args, database, connection, operation);
        if (command.waits !== true) {
          operation.limit(args.milliseconds('maxTimeMS'));
        }
        const reply =
          context.transaction === undefined
            ? await command.run(context)
            : await runInTransaction(command, context, context.transaction);
        if (context.retry !== undefined) {
          this.services.retries.cutOff(context.retry);
        }
        return this.succeed(reply, context, command, failure);
      } catch (error) {
        throw operation.explain(error);
      } finally {
        this.services.operations.finish(operation);
        if (command.waits !== true && !namespace.endsWith(NO_COLLECTION)) {
          this.services.usage.note(namespace, command, Math.round((performance.now() - began) * 1000));
        }
      }
    } catch (error) {
      if (error instanceof ProtocolFault) {
        throw error;
      }
      return this.fail(error, request, opened?.command, opened?.args);
    }
  }

  /** Finds the command of a request and checks its fields. */
  private open(
    request: Request,
    connection: ConnectionState
  ): { command: Command; args: Arguments; name: string; database: string } {
    let raw = request.command;
    let first = firstElement(raw);
    if (request.opCode === OP.QUERY && (first?.name === '$query' || first?.name === 'query')) {
      raw = first.value.type === T.OBJECT ? first.value.bytes : raw;
      first = firstElement(raw);
    }
    if (first === undefined) {
      throw new MongoError('CommandNotFound', "no such command: ''");
    }
    const command = this.registry.get(first.name);
    if (connection.signIn.isMissing && command?.beforeSignIn !== true) {
      throw new MongoError('Unauthorized', `command ${first.name} requires authentication`);
    }
    const database = databaseOf(request, raw);
    if (request.opCode === OP.QUERY && !HANDSHAKES.has(first.name)) {
      throw new MongoError(
        'UnsupportedOpQueryCommand',
        `Unsupported OP_QUERY command: ${first.name}. The client driver may require an upgrade.`
      );
    }
    if (command === undefined) {
      throw unknownCommand(first.name);
    }
    if (command.adminOnly === true && database !== 'admin') {
      throw new MongoError('Unauthorized', `${first.name} may only be run against the admin database.`);
    }
    const args = new Arguments(raw, command.where ?? command.name, request.sequences);
    checkGenericTypes(args);
    checkApiVersion(command, args);
    checkFields(command, args, first.name);
    return { command, args, name: first.name, database };
  }

  private context(
    command: Command,
    args: Arguments,
    database: string,
    connection: ConnectionState,
    operation: CommandContext['operation']
  ): CommandContext {
    const lsid = args.optionalDocument('lsid');
    const session = lsid === undefined ? undefined : sessionKey(lsid);
    const { logical, sessions, transactions } = this.services;
    operation.session = session;
    if (session !== undefined) {
      logical.touch(session);
    }
    const inTransaction = readTransaction(args, session);
    const retry = inTransaction === undefined ? retryIdentity(command, args, session) : undefined;
    if (retry !== undefined) {
      logical.begin(retry.session, retry.txnNumber, 'retryable write');
      transactions.superseded(retry.session, retry.txnNumber);
    }
    if (command.writes === true) {
      checkWriteConcern(args);
    } else if (args.has('writeConcern')) {
      throw new MongoError('InvalidOptions', 'Command does not support writeConcern');
    }
    checkReadPreference(args);
    checkClusterTime(args);
    const readConcern = readReadConcern(args);
    if (inTransaction === undefined) {
      checkReadConcern(readConcern, command);
    }
    const place = connection.appName === undefined ? undefined : sessions.byAppName(connection.appName);
    const origin = place?.origin ?? {
      actor: connection.signIn.user ?? connection.appName ?? 'anonymous'
    };
    const transaction =
      inTransaction === undefined
        ? undefined
        : enterTransaction(
            inTransaction,
            { command, database, args, session: session!, origin, readConcern },
            transactions,
            logical
          );
    if (transaction !== undefined && place !== undefined) {
      transactions.usedOn(connection.id, transaction);
    }
    return {
      services: this.services,
      connection,
      name: command.name,
      database,
      args,
      operation,
      session,
      retry,
      transaction,
      transactionState: undefined,
      readConcern,
      place,
      origin,
      commitTime: undefined
    };
  }

  private succeed(
    reply: DocumentBuilder,
    context: CommandContext,
    command: Command,
    failure: Failure | undefined
  ): Buffer {
    reply.double('ok', 1);
    if (failure?.writeConcernError !== undefined) {
      const { code } = failure.writeConcernError as { code?: unknown };
      const labels = failure.errorLabels ?? labelsOf(command, context.args, undefined, Number(code));
      reply.value('writeConcernError', failure.writeConcernError);
      if (labels.length > 0) {
        reply.value('errorLabels', labels);
      }
    }
    return this.stamp(reply, context.commitTime).finish();
  }

  private fail(
    thrown: unknown,
    request: Request,
    command: Command | undefined,
    args: Arguments | undefined
  ): Buffer {
    const error = toMongoError(thrown);
    this.services.statistics.failures++;
    if (isFault(error)) {
      this.services.logger.error('a command failed', {
        command: firstElement(request.command)?.name,
        error: error.cause ?? error
      });
    }
    const reply = errorFields(error);
    if (command !== undefined && args !== undefined) {
      const labels = error.fields['errorLabels'] === undefined ? labelsOf(command, args, error.code) : [];
      if (labels.length > 0) {
        reply.value('errorLabels', labels);
      }
      if (command.writes === true) {
        addWriteConcernError(reply, args);
      }
    }
    return this.stamp(reply, undefined).finish();
  }

  /** Adds the times every reply of a replica set carries. */
  private stamp(reply: DocumentBuilder, commitTime: bigint | undefined): DocumentBuilder {
    const last = this.services.engine.lastCommitTime();
    const time = commitTime ?? last;
    if (time === 0n) {
      return reply;
    }
    const newest = time > last ? time : last;
    return reply
      .open('$clusterTime')
      .timestamp('clusterTime', newest)
      .document('signature', NO_SIGNATURE)
      .close()
      .timestamp('operationTime', time);
  }
}

/** What a command is about: a collection, where its first field (`name`) names one, or the database. */
function namespaceIn(command: Command, args: Arguments, name: string, database: string): string {
  const value = args.get(command.name === 'getMore' ? 'collection' : name);
  const collection = value?.type === T.STRING && command.adminOnly !== true ? stringOf(value) : undefined;
  return collection === undefined ? database + NO_COLLECTION : `${database}.${collection}`;
}

function databaseOf(request: Request, raw: Buffer): string {
  if (request.namespace !== undefined) {
    const dot = request.namespace.indexOf('.');
    return dot < 0 ? request.namespace : request.namespace.slice(0, dot);
  }
  const value = field(raw, '$db');
  if (value === undefined) {
    throw new MongoError(40571, 'OP_MSG requests require a $db argument');
  }
  if (value.type !== T.STRING) {
    throw new MongoError(
      13111,
      `wrong type for field ($db) ${TYPE_NAMES[value.type] ?? value.type} != string`
    );
  }
  return stringOf(value);
}

function unknownCommand(name: string): MongoError {
  const what = NOT_IMPLEMENTED.get(name);
  return what === undefined
    ? new MongoError('CommandNotFound', `no such command: '${name}'`)
    : new MongoError('NotImplemented', `${name} is not available in Argon yet: ${what}`);
}

/** Runs a command of a transaction: when it fails, the transaction has ended. */
async function runInTransaction(
  command: Command,
  context: CommandContext,
  transaction: WireTransaction
): Promise<DocumentBuilder> {
  try {
    await openTransactionState(context);
    return await command.run(context);
  } catch (error) {
    transaction.abort();
    throw error;
  }
}

/** The retry identity of a command. */
function retryIdentity(
  command: Command,
  args: Arguments,
  session: string | undefined
): RetryIdentity | undefined {
  if (!args.has('txnNumber') || args.get('txnNumber')?.type === T.NULL) {
    return undefined;
  }
  if (session === undefined) {
    throw new MongoError('InvalidOptions', 'Transaction number requires a session ID to also be specified');
  }
  const txnNumber = args.long('txnNumber');
  if (command.retryable !== true) {
    throw new MongoError(
      50768,
      'txnNumber may only be provided for multi-document transactions and retryable write commands. ' +
        `autocommit:false was not provided, and ${command.name} is not a retryable write command.`
    );
  }
  if (txnNumber < 0n) {
    throw new MongoError('InvalidOptions', 'Transaction number cannot be negative');
  }
  const stmtIds = args
    .optionalArray('stmtIds')
    ?.map(value => (value.type === T.INT32 ? value.bytes.readInt32LE(0) : 0));
  return { session, txnNumber, stmtIds, firstStmtId: args.integer('stmtId') ?? 0 };
}
