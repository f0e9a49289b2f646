import { MongoError } from '../errors';
import { emptyReply } from '../reply';
import type { Command } from '../registry';

/** Commands about what a mongod keeps beside its data, and Argon does not. */

/** Every query is planned anew: there is nothing to clear. */
export const planCacheClear: Command = { name: 'planCacheClear', run: () => emptyReply() };

/** Nobody can set one. */
export const planCacheListFilters: Command = {
  name: 'planCacheListFilters',
  run: () => emptyReply().value('filters', [])
};

/** There are none: every user may do everything. */
export const rolesInfo: Command = {
  name: 'rolesInfo',
  fields: ['showPrivileges', 'showBuiltinRoles', 'showAuthenticationRestrictions'],
  run: () => emptyReply().value('roles', [])
};

/** The profiler is off, and cannot be put on. */
export const profile: Command = {
  name: 'profile',
  fields: ['slowms', 'sampleRate', 'filter'],
  run: ({ args }) => {
    const level = args.integer('profile') ?? 0;
    if (level === 1 || level === 2) {
      throw new MongoError('NotImplemented', 'profile is not available in Argon: there is no profiler');
    }
    return emptyReply().int32('was', 0).int32('slowms', 100).double('sampleRate', 1);
  }
};

/** What a connection may hold: text in UTF-8. There is no JavaScript; `oidMachine` is the machine's part of an ObjectId. */
export const features: Command = {
  name: 'features',
  run: () => emptyReply().value('js', { utf8: true }).int32('oidMachine', 0)
};

/** Nobody ever waits for a lock: readers have states of their own, writers of a branch follow one another. */
export const lockInfo: Command = {
  name: 'lockInfo',
  adminOnly: true,
  run: () => emptyReply().value('lockInfo', [])
};

/** Connections to other nodes: there are none. */
export const connPoolStats: Command = {
  name: 'connPoolStats',
  run: () =>
    emptyReply()
      .int32('numClientConnections', 0)
      .int32('numAScopedConnections', 0)
      .int32('totalInUse', 0)
      .int32('totalAvailable', 0)
      .int32('totalCreated', 0)
      .int32('totalRefreshing', 0)
      .int32('totalRefreshed', 0)
      .value('pools', {})
      .value('hosts', {})
      .int32('numReplicaSetMonitorsCreated', 0)
      .value('replicaSets', {})
};

/** Every write says in its own reply what became of it. */
export const getLastError: Command = {
  name: 'getLastError',
  aliases: ['getlasterror'],
  run: () => {
    throw new MongoError(5739000, 'getLastError command is not supported');
  }
};
