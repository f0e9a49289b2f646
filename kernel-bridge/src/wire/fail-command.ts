import { setTimeout as sleep } from 'node:timers/promises';
import { T, type RawValue } from '@argon/wal-core';
import { Arguments, decode, numberOf, stringOf } from './arguments';
import type { ConnectionState } from './context';
import { MongoError, ProtocolFault } from './errors';
import type { Command } from './registry';

/** When the fail point acts: on the calls after `skip`, as often as `times`, each with this probability. */
interface Mode {
  skip: number;
  times: number;
  readonly probability: number;
}

/** What a command that the fail point hits has to suffer. */
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
 * The fail point `failCommand`, by which the tests of drivers make commands fail.
 * https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
 */
export class FailCommand {
  private mode: Mode | undefined;
  private commands: ReadonlySet<string> = new Set();
  private appName: string | undefined;
  private namespace: string | undefined;
  private failure: Failure = NOTHING;
  private hits = 0;

  /** Arms it or takes it away; answers how often it acted until now. @throws MongoError 9, 14 */
  configure(mode: RawValue | undefined, data: Arguments | undefined): number {
    const next = readMode(mode);
    const hits = this.hits;
    this.mode = next;
    this.hits = 0;
    if (next !== undefined) {
      this.commands = new Set(data?.optionalArray('failCommands')?.map(stringOf));
      this.appName = data?.optionalString('appName');
      this.namespace = data?.optionalString('namespace');
      this.failure = data === undefined ? NOTHING : readFailure(data);
    }
    return hits;
  }

  /** What a command has to suffer now; undefined: nothing. */
  hit(command: Command, args: Arguments, database: string, connection: ConnectionState): Failure | undefined {
    const { mode } = this;
    if (mode === undefined || !this.isMeant(command, args, database, connection)) {
      return undefined;
    }
    if (mode.skip > 0) {
      mode.skip--;
      return undefined;
    }
    if (mode.times === 0 || Math.random() >= mode.probability) {
      return undefined;
    }
    mode.times--;
    this.hits++;
    return this.failure;
  }

  private isMeant(
    { name, aliases = [] }: Command,
    args: Arguments,
    database: string,
    { appName }: ConnectionState
  ): boolean {
    if (name === 'configureFailPoint' || (this.appName !== undefined && this.appName !== appName)) {
      return false;
    }
    if (this.namespace !== undefined) {
      const collection = args.get(name);
      if (collection?.type !== T.STRING || `${database}.${stringOf(collection)}` !== this.namespace) {
        return false;
      }
    }
    return [name, ...aliases].some(each => this.commands.has(each));
  }
}

/** Suffers what comes before the command. @throws MongoError, ProtocolFault to close the connection */
export async function suffer({ blockMs, closesConnection, error }: Failure): Promise<void> {
  if (blockMs > 0) {
    await sleep(blockMs);
  }
  if (closesConnection) {
    throw new ProtocolFault('the fail point closes the connection');
  }
  if (error !== undefined) {
    throw error;
  }
}

const NOTHING: Failure = {
  blockMs: 0,
  closesConnection: false,
  error: undefined,
  writeConcernError: undefined,
  errorLabels: undefined
};

function readMode(mode: RawValue | undefined): Mode | undefined {
  if (mode?.type === T.STRING) {
    const name = stringOf(mode);
    if (name === 'off') {
      return undefined;
    }
    if (name === 'alwaysOn') {
      return { skip: 0, times: Infinity, probability: 1 };
    }
    throw new MongoError('BadValue', `unknown mode: ${name}`);
  }
  if (mode?.type !== T.OBJECT) {
    throw new MongoError('TypeMismatch', "'mode' must be a string or JSON object");
  }
  const counts = new Arguments(mode.bytes, 'mode');
  const probability = counts.get('activationProbability');
  const times = counts.integer('times', { min: 0 });
  const skip = counts.integer('skip', { min: 0 });
  if (times === undefined && skip === undefined && probability === undefined) {
    throw new MongoError(
      'BadValue',
      "'mode' must be one of 'off', 'alwaysOn', 'times', 'skip', or 'activationProbability'"
    );
  }
  return {
    skip: skip ?? 0,
    times: times ?? Infinity,
    probability: probability === undefined ? 1 : (numberOf(probability) ?? 1)
  };
}

function readFailure(data: Arguments): Failure {
  const errorLabels = data.optionalArray('errorLabels')?.map(stringOf);
  const code = data.integer('errorCode');
  const writeConcernError = data.get('writeConcernError');
  return {
    blockMs: data.flag('blockConnection', false) ? (data.milliseconds('blockTimeMS') ?? 0) : 0,
    closesConnection: data.flag('closeConnection', false),
    error:
      code === undefined
        ? undefined
        : new MongoError(code, "Failing command via 'failCommand' failpoint", {
            fields: errorLabels === undefined ? {} : { errorLabels }
          }),
    writeConcernError: writeConcernError === undefined ? undefined : decode(writeConcernError),
    errorLabels
  };
}
