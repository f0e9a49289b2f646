import { MongoError } from '../errors';
import { emptyReply } from '../reply';
import type { Command } from '../registry';

const NO_SIGN_IN =
  'Sign-in by user name and password is not available in Argon yet: connect without credentials in the URI';

function refuse(): never {
  throw new MongoError('AuthenticationFailed', NO_SIGN_IN);
}

export const saslStart: Command = { name: 'saslStart', run: refuse };
export const saslContinue: Command = { name: 'saslContinue', run: refuse };
export const authenticate: Command = { name: 'authenticate', run: refuse };

export const logout: Command = { name: 'logout', run: () => emptyReply() };

/** Who the connection is: nobody, as on a mongod without access control. */
export const connectionStatus: Command = {
  name: 'connectionStatus',
  fields: ['showPrivileges'],
  run: ({ args }) => {
    const authInfo: Record<string, unknown> = { authenticatedUsers: [], authenticatedUserRoles: [] };
    if (args.flag('showPrivileges', false)) {
      authInfo['authenticatedUserPrivileges'] = [];
    }
    return emptyReply().value('authInfo', authInfo);
  }
};
