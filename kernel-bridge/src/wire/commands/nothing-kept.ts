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
