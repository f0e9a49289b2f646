import { setTimeout as sleep } from 'node:timers/promises';
import { T } from '@argon/wal-core';
import { decode, stringOf, type Arguments } from '../arguments';
import { applicationName } from '../client-metadata';
import type { ConnectionState } from '../context';
import { MongoError, ProtocolFault } from '../errors';
import type { Command } from '../registry';

/** What a call that a fail point hits has to suffer. */
export interface Failure {
  readonly blockMs: number;
  readonly closesConnection: boolean;
  readonly error: MongoError | undefined;
  /** Added to the reply of a command that ran. */
  readonly writeConcernError: unknown;
  /** Replace the labels that the error would get. */
  readonly errorLabels: readonly string[] | undefined;
}

/**
 * What the fail point `failCommand` is about.
 * https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
 */
export interface FailCommand extends Failure {
  readonly commands: ReadonlySet<string>;
  readonly appName: string | undefined;
  readonly namespace: string | undefined;
}

/** @throws MongoError 14 */
export function readFailCommand(data: Arguments | undefined): FailCommand {
  return {
    ...readFailure(data, "Failing command via 'failCommand' failpoint"),
    commands: new Set(data?.optionalArray('failCommands')?.map(stringOf)),
    appName: data?.optionalString('appName'),
    namespace: data?.optionalString('namespace')
  };
}

/** Whether a command is one that `failCommand` is about. */
export function isMeant(
  { commands, appName, namespace }: FailCommand,
  { name, aliases = [] }: Command,
  args: Arguments,
  database: string,
  connection: ConnectionState
): boolean {
  // The first command of a connection is the one that brings the name.
  const application = connection.appName ?? applicationName(args);
  if (name === 'configureFailPoint' || (appName !== undefined && appName !== application)) {
    return false;
  }
  if (namespace !== undefined) {
    const collection = args.get(name);
    if (collection?.type !== T.STRING || `${database}.${stringOf(collection)}` !== namespace) {
      return false;
    }
  }
  return [name, ...aliases].some(each => commands.has(each));
}

/** @throws MongoError 14 */
export function readFailure(data: Arguments | undefined, message: string): Failure {
  const errorLabels = data?.optionalArray('errorLabels')?.map(stringOf);
  const code = data?.integer('errorCode');
  const writeConcernError = data?.get('writeConcernError');
  return {
    blockMs: data?.flag('blockConnection', false) === true ? (data.milliseconds('blockTimeMS') ?? 0) : 0,
    closesConnection: data?.flag('closeConnection', false) ?? false,
    error:
      code === undefined
        ? undefined
        : new MongoError(code, message, { fields: errorLabels === undefined ? {} : { errorLabels } }),
    writeConcernError: writeConcernError === undefined ? undefined : decode(writeConcernError),
    errorLabels
  };
}

/** Suffers what comes before the work. @throws MongoError, ProtocolFault to close the connection */
export async function suffer(failure: Failure | undefined): Promise<void> {
  if (failure === undefined) {
    return;
  }
  if (failure.blockMs > 0) {
    await sleep(failure.blockMs);
  }
  if (failure.closesConnection) {
    throw new ProtocolFault('the fail point closes the connection');
  }
  if (failure.error !== undefined) {
    throw failure.error;
  }
}
