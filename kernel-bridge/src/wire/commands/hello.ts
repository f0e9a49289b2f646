import { COMPRESSORS } from '../compressors';
import { Long, ObjectId } from 'bson';
import { T } from '@argon/wal-core';
import { Arguments, stringOf } from '../arguments';
import { awaitedMs } from '../await-hello';
import { toTimestamp, type DocumentBuilder } from '../builder';
import { applicationName } from '../client-metadata';
import type { CommandContext } from '../context';
import { SCRAM_MECHANISM } from '../../auth/scram';
import { isFault, toMongoError } from '../errors';
import { DOCUMENT_BYTES_MAX, MESSAGE_BYTES_MAX, SESSION_IDLE_MINUTES, WRITE_BATCH_MAX } from '../limits';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { begin, stepFields } from './signin';

/** Wire version of MongoDB 7.0. */
export const WIRE_VERSION_MAX = 21;
export const SET_NAME = 'argon';
const ELECTION_ID = new ObjectId('7fffffff0000000000000001');

/**
 * `hello` and its old name `isMaster`: the bridge looks like a replica set of one node, because drivers send
 * retryable writes and causal sessions to replica sets only.
 */
export const hello: Command = {
  name: 'hello',
  beforeSignIn: true,
  run: context => answer(context, 'isWritablePrimary')
};

export const isMaster: Command = {
  name: 'isMaster',
  beforeSignIn: true,
  aliases: ['ismaster'],
  run: context => answer(context, 'ismaster')
};

async function answer(context: CommandContext, primaryField: string): Promise<DocumentBuilder> {
  const { args, connection } = context;
  readClient(context);
  await awaitChange(context);
  const address = connection.localAddress;
  const reply = emptyReply();
  if (args.flag('helloOk', false)) {
    reply.bool('helloOk', true);
  }
  reply
    .bool(primaryField, true)
    .value('topologyVersion', topologyVersion(context))
    .value('hosts', [address])
    .string('setName', SET_NAME)
    .int32('setVersion', 1)
    .bool('secondary', false)
    .string('primary', address)
    .string('me', address)
    .value('electionId', ELECTION_ID)
    .value('lastWrite', lastWrite(context))
    .int32('maxBsonObjectSize', DOCUMENT_BYTES_MAX)
    .int32('maxMessageSizeBytes', MESSAGE_BYTES_MAX)
    .int32('maxWriteBatchSize', WRITE_BATCH_MAX)
    .date('localTime', new Date())
    .int32('logicalSessionTimeoutMinutes', SESSION_IDLE_MINUTES)
    .int32('connectionId', connection.id)
    .int32('minWireVersion', 0)
    .int32('maxWireVersion', WIRE_VERSION_MAX)
    .bool('readOnly', false);
  const compressors = agreeOnCompression(context);
  if (compressors !== undefined) {
    reply.value('compression', compressors);
  }
  if (args.has('saslSupportedMechs')) {
    // For any name: whether there is such a user is nobody's business.
    reply.value('saslSupportedMechs', [SCRAM_MECHANISM]);
  }
  return addFirstStep(reply, context);
}

/** A sign-in that began with this very command; one that cannot go on is begun again by the client, and fails there. */
async function addFirstStep(
  reply: DocumentBuilder,
  { args, connection, services }: CommandContext
): Promise<DocumentBuilder> {
  const first = args.optionalDocument('speculativeAuthenticate');
  if (first === undefined) {
    return reply;
  }
  try {
    const step = await begin(new Arguments(first, 'speculativeAuthenticate'), connection.signIn);
    return reply.value('speculativeAuthenticate', stepFields(step));
  } catch (error) {
    if (isFault(toMongoError(error))) {
      services.logger.error('a sign-in failed', { error });
    }
    return reply;
  }
}

/** The client's metadata come once, with the first hello of a connection. */
function readClient({ args, connection }: CommandContext): void {
  const client = args.optionalDocument('client');
  if (client === undefined || connection.metadata !== undefined) {
    return;
  }
  connection.metadata = Buffer.from(client);
  connection.appName = applicationName(args);
}

function agreeOnCompression({ args, connection }: CommandContext): string[] | undefined {
  const offered = args.optionalArray('compression');
  if (offered === undefined) {
    return undefined;
  }
  const known = new Set<string>(COMPRESSORS.map(({ name }) => name));
  const agreed = offered
    .filter(value => value.type === T.STRING)
    .map(value => stringOf(value))
    .filter(name => known.has(name));
  connection.compression = agreed.length > 0;
  return agreed;
}

function topologyVersion({ services }: CommandContext): Record<string, unknown> {
  return { processId: new ObjectId(services.processId), counter: Long.ZERO };
}

function lastWrite({ services }: CommandContext): Record<string, unknown> {
  const time = services.engine.lastCommitTime();
  const opTime = { ts: toTimestamp(time), t: Long.ONE };
  const date = new Date(Number(time >> 32n) * 1000);
  return { opTime, lastWriteDate: date, majorityOpTime: opTime, majorityWriteDate: date };
}

async function awaitChange({ args, connection, services }: CommandContext): Promise<void> {
  // Read for its check alone.
  args.milliseconds('maxAwaitTimeMS');
  const ms = awaitedMs(args.raw, services.processId);
  if (ms === undefined) {
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
    timer.unref();
  });
  await Promise.race([time, connection.closed]);
  clearTimeout(timer);
}
