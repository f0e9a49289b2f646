import { Binary } from 'bson';
import { T } from '@argon/wal-core';
import { SCRAM_MECHANISM } from '../../auth/scram';
import type { Arguments } from '../arguments';
import { MongoError } from '../errors';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import type { SignInStep } from '../sign-in';

/** Whoever may sign in may do everything: there are no finer roles. */
const ROLES = [{ role: 'root', db: 'admin' }];

/**
 * Signing in by SCRAM-SHA-256. Users are those of the data directory, whatever database a client looks for them in:
 * by the URI's default that would be a database name with a ref.
 */
export const saslStart: Command = {
  name: 'saslStart',
  beforeSignIn: true,
  run: async ({ args, connection }) => stepReply(await begin(args, connection.signIn))
};

export const saslContinue: Command = {
  name: 'saslContinue',
  beforeSignIn: true,
  run: async ({ args, connection }) =>
    stepReply(await connection.signIn.goOn(args.integer('conversationId'), payloadOf(args)))
};

/** The first step, also of one that came with `hello`. @throws MongoError */
export function begin(
  args: Arguments,
  signIn: { start(mechanism: string, payload: Buffer, skipsEmpty: boolean): Promise<SignInStep> }
): Promise<SignInStep> {
  const skipsEmpty = args.object('options')?.flag('skipEmptyExchange', false) ?? false;
  return signIn.start(args.string('mechanism'), payloadOf(args), skipsEmpty);
}

/** A step as replies hold it. */
export function stepFields({ conversationId, done, payload }: SignInStep): Record<string, unknown> {
  return { conversationId, done, payload: new Binary(payload) };
}

const stepReply = (step: SignInStep): ReturnType<typeof emptyReply> => emptyReply().fields(stepFields(step));

function payloadOf(args: Arguments): Buffer {
  const payload = args.get('payload');
  if (payload?.type !== T.BINARY) {
    return args.wrongType('payload', payload?.type ?? T.NULL, 'binData');
  }
  return payload.bytes.subarray(5);
}

/** The certificate of a client says nothing about who it is. */
export const authenticate: Command = {
  name: 'authenticate',
  beforeSignIn: true,
  run: () => {
    throw new MongoError(
      'MechanismUnavailable',
      `Argon signs in by ${SCRAM_MECHANISM} only, with saslStart and saslContinue`
    );
  }
};

export const logout: Command = {
  name: 'logout',
  beforeSignIn: true,
  run: ({ connection }) => {
    connection.signIn.forget();
    return emptyReply();
  }
};

/** Who the connection is; nobody on one that need not sign in, as on a mongod without access control. */
export const connectionStatus: Command = {
  name: 'connectionStatus',
  beforeSignIn: true,
  fields: ['showPrivileges'],
  run: ({ args, connection: { signIn } }) => {
    const authInfo: Record<string, unknown> =
      signIn.user === undefined
        ? { authenticatedUsers: [], authenticatedUserRoles: [] }
        : { authenticatedUsers: [{ user: signIn.user, db: 'admin' }], authenticatedUserRoles: ROLES };
    if (args.flag('showPrivileges', false)) {
      authInfo['authenticatedUserPrivileges'] = [];
    }
    return emptyReply().value('authInfo', authInfo);
  }
};

/** The users of the data directory; a filter by name, as drivers and the shell ask. */
export const usersInfo: Command = {
  name: 'usersInfo',
  fields: ['showCredentials', 'showCustomData', 'showPrivileges', 'showAuthenticationRestrictions', 'filter'],
  run: ({ args, services }) => {
    const names = namesAsked(args);
    const users = services.signInDesk.users
      .list()
      .filter(({ name }) => names === undefined || names.has(name))
      .map(({ name }) => ({
        _id: `admin.${name}`,
        user: name,
        db: 'admin',
        roles: ROLES,
        mechanisms: [SCRAM_MECHANISM]
      }));
    return emptyReply().value('users', users);
  }
};

/** Names in `usersInfo: 1 | 'ada' | {user, db} | [ … ]`; undefined: all. */
function namesAsked(args: Arguments): ReadonlySet<string> | undefined {
  const asked: unknown = args.decoded('usersInfo');
  const nameOf = (value: unknown): string | undefined =>
    typeof value === 'string'
      ? value
      : typeof value === 'object' && value !== null && 'user' in value && typeof value.user === 'string'
        ? value.user
        : undefined;
  const names = (Array.isArray(asked) ? asked : [asked]).map(nameOf).filter(name => name !== undefined);
  return names.length === 0 && !Array.isArray(asked) ? undefined : new Set(names);
}
