import { Binary } from 'bson';
import { randomUUID } from 'node:crypto';
import { T } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { SESSION_IDLE_MINUTES } from '../limits';
import { sessionKeys } from '../lsid';
import { emptyReply } from '../reply';
import type { Command } from '../registry';

/** Commands about drivers' logical sessions. */
export const startSession: Command = {
  name: 'startSession',
  run: ({ services }) => {
    const uuid = randomUUID().replaceAll('-', '');
    services.logical.touch(uuid);
    return emptyReply()
      .value('id', { id: new Binary(Buffer.from(uuid, 'hex'), Binary.SUBTYPE_UUID) })
      .int32('timeoutMinutes', SESSION_IDLE_MINUTES);
  }
};

export const endSessions: Command = { name: 'endSessions', fields: [], run: context => end(context) };
export const killSessions: Command = { name: 'killSessions', run: context => end(context) };

export const killAllSessions: Command = {
  name: 'killAllSessions',
  fields: [],
  run: ({ services }) => {
    services.cursors.killAll(new MongoError('CursorKilled', 'cursor was killed'));
    services.transactions.endAll();
    return emptyReply();
  }
};

export const refreshSessions: Command = {
  name: 'refreshSessions',
  fields: [],
  run: context => {
    for (const key of sessionsOf(context)) {
      context.services.logical.touch(key);
    }
    return emptyReply();
  }
};

function end(context: CommandContext): ReturnType<typeof emptyReply> {
  const { logical, cursors, transactions } = context.services;
  for (const key of sessionsOf(context)) {
    logical.end(key);
    cursors.sessionEnded(key);
    transactions.sessionEnded(key);
  }
  return emptyReply();
}

function sessionsOf({ args, name }: CommandContext): string[] {
  const value = args.get(name);
  if (value?.type === T.NULL) {
    throw new MongoError(10065, `invalid parameter: expected an object (${name})`);
  }
  if (value?.type !== T.ARRAY) {
    return args.wrongType(name, value?.type ?? T.NULL, 'array');
  }
  return sessionKeys(args.array(name), name);
}
