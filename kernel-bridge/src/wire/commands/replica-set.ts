import { Long } from 'bson';
import { toTimestamp } from '../builder';
import type { CommandContext } from '../context';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { SET_NAME } from './hello';

/** What a replica set says it keeps to; a set of one has nobody to ask. */
const HEARTBEAT_MS = 2_000;

/** The replica set of one node that the bridge looks like: it is its own primary, and has all that it ever wrote. */
export const replSetGetStatus: Command = {
  name: 'replSetGetStatus',
  adminOnly: true,
  run: context => {
    const { services, connection } = context;
    const optime = lastWrite(context);
    const date = new Date(Number(services.engine.lastCommitTime() >> 32n) * 1000);
    return emptyReply()
      .string('set', SET_NAME)
      .date('date', new Date())
      .int32('myState', 1)
      .int64('term', 1)
      .string('syncSourceHost', '')
      .int32('syncSourceId', -1)
      .int64('heartbeatIntervalMillis', HEARTBEAT_MS)
      .int32('majorityVoteCount', 1)
      .int32('writeMajorityCount', 1)
      .int32('votingMembersCount', 1)
      .int32('writableVotingMembersCount', 1)
      .value('optimes', {
        lastCommittedOpTime: optime,
        lastCommittedWallTime: date,
        readConcernMajorityOpTime: optime,
        appliedOpTime: optime,
        durableOpTime: optime,
        lastAppliedWallTime: date,
        lastDurableWallTime: date
      })
      .value('members', [
        {
          _id: 0,
          name: connection.localAddress,
          health: 1,
          state: 1,
          stateStr: 'PRIMARY',
          uptime: Math.floor((Date.now() - services.startedAt.getTime()) / 1000),
          optime,
          optimeDate: date,
          electionDate: services.startedAt,
          configVersion: 1,
          configTerm: 1,
          self: true
        }
      ]);
  }
};

export const replSetGetConfig: Command = {
  name: 'replSetGetConfig',
  adminOnly: true,
  run: ({ connection }) =>
    emptyReply().value('config', {
      _id: SET_NAME,
      version: 1,
      term: Long.ONE,
      members: [
        {
          _id: 0,
          host: connection.localAddress,
          arbiterOnly: false,
          buildIndexes: true,
          hidden: false,
          priority: 1,
          tags: {},
          secondaryDelaySecs: Long.ZERO,
          votes: 1
        }
      ],
      protocolVersion: Long.ONE,
      writeConcernMajorityJournalDefault: true,
      settings: { chainingAllowed: true, heartbeatIntervalMillis: HEARTBEAT_MS }
    })
};

/** It is no shard, and knows of none. */
export const shardingState: Command = {
  name: 'shardingState',
  adminOnly: true,
  run: () => emptyReply().bool('enabled', false)
};

/** What counts when a command names no concern: it cannot be set. */
export const getDefaultRWConcern: Command = {
  name: 'getDefaultRWConcern',
  adminOnly: true,
  fields: ['inMemory'],
  run: () =>
    emptyReply()
      .value('defaultReadConcern', { level: 'local' })
      .value('defaultWriteConcern', { w: 'majority', wtimeout: 0 })
      .string('defaultWriteConcernSource', 'implicit')
      .string('defaultReadConcernSource', 'implicit')
};

function lastWrite({ services }: CommandContext): Record<string, unknown> {
  return { ts: toTimestamp(services.engine.lastCommitTime()), t: Long.ONE };
}
