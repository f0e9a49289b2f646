import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArgonError } from '@argon/wal-core';
import { makeVerifier, type Verifier } from './scram';

/** A user of the data directory, as the file holds them: Base64 where bytes are meant. */
interface Kept {
  readonly name: string;
  readonly createdAt: string;
  readonly iterations: number;
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

/** A user, without what their password is checked by. */
export interface User {
  readonly name: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

const FILE = 'users.json';
const FORMAT = 1;
const NAME_CHARS_MAX = 128;
/** More are a mistake: the file is read whole. */
const USERS_MAX = 10_000;

/**
 * Who may sign in over TCP: a file in the data directory that only its owner can read. It holds verifiers of
 * passwords, never a password. Changed by `argon user`, also while a bridge runs, which sees the change at once.
 */
export class Users {
  private readonly path: string;
  private read: { readonly stamp: string; readonly users: ReadonlyMap<string, Kept> } | undefined;

  /** @param directory the data directory */
  constructor(directory: string) {
    this.path = join(directory, FILE);
  }

  list(): User[] {
    return [...this.all().values()].map(({ name, createdAt }) => ({ name, createdAt }));
  }

  /** What the password of a user is checked by; undefined when there is no such user. */
  verifier(name: string): Verifier | undefined {
    const kept = this.all().get(name);
    return kept === undefined
      ? undefined
      : {
          iterations: kept.iterations,
          salt: Buffer.from(kept.salt, 'base64'),
          storedKey: Buffer.from(kept.storedKey, 'base64'),
          serverKey: Buffer.from(kept.serverKey, 'base64')
        };
  }

  /** Adds a user; `replace`: or gives one another password. @throws BAD_REQUEST, USER_EXISTS, LIMIT_EXCEEDED */
  async add(name: string, password: string, { replace = false } = {}): Promise<void> {
    checkName(name);
    if (password === '') {
      throw new ArgonError('BAD_REQUEST', 'The password is empty.');
    }
    if (!replace && this.all().has(name)) {
      throw new ArgonError(
        'USER_EXISTS',
        `There is a user ${JSON.stringify(name)} already. Give --replace to set another password.`
      );
    }
    const made = await makeVerifier(password).catch((cause: unknown) => {
      throw new ArgonError(
        'BAD_REQUEST',
        'The password holds characters that SASLprep (RFC 4013) prohibits.',
        {
          // Not the cause itself: what it says may quote the password.
          data: { reason: cause instanceof Error ? cause.name : 'unknown' }
        }
      );
    });
    const users = new Map(this.all());
    const createdAt = users.get(name)?.createdAt ?? new Date().toISOString();
    users.set(name, {
      name,
      createdAt,
      iterations: made.iterations,
      salt: made.salt.toString('base64'),
      storedKey: made.storedKey.toString('base64'),
      serverKey: made.serverKey.toString('base64')
    });
    this.write(users);
  }

  /** @throws USER_NOT_FOUND */
  remove(name: string): void {
    const users = new Map(this.all());
    if (!users.delete(name)) {
      throw new ArgonError('USER_NOT_FOUND', `There is no user ${JSON.stringify(name)}.`);
    }
    this.write(users);
  }

  /** The file, read again when it was changed. @throws DATA_CORRUPT, READ_FAILED */
  private all(): ReadonlyMap<string, Kept> {
    const entry = statSync(this.path, { throwIfNoEntry: false, bigint: true });
    if (entry === undefined) {
      return new Map();
    }
    const stamp = `${entry.ino}/${entry.mtimeNs}/${entry.size}`;
    if (this.read?.stamp !== stamp) {
      this.read = { stamp, users: parse(this.path) };
    }
    return this.read.users;
  }

  /** In one step: a bridge that reads meanwhile sees the old file or the new one. */
  private write(users: ReadonlyMap<string, Kept>): void {
    if (users.size > USERS_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `There are ${users.size} users, at most ${USERS_MAX} are possible.`
      );
    }
    const draft = `${this.path}.${randomBytes(6).toString('hex')}`;
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ format: FORMAT, users: [...users.values()] }, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.path);
    const folder = openSync(dirname(this.path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}

function checkName(name: string): void {
  // eslint-disable-next-line no-control-regex
  if (name === '' || name.length > NAME_CHARS_MAX || /[\u0000-\u001f\u007f]/.test(name)) {
    throw new ArgonError(
      'BAD_REQUEST',
      `A user name has 1 to ${NAME_CHARS_MAX} characters, none of them a control character.`
    );
  }
}

function parse(path: string): ReadonlyMap<string, Kept> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ArgonError('READ_FAILED', `The users in ${path} cannot be read.`, { cause });
  }
  try {
    const { format, users } = JSON.parse(text) as { format: unknown; users: readonly Kept[] };
    if (format !== FORMAT) {
      throw new ArgonError('FORMAT_TOO_NEW', `The users in ${path} are of format ${String(format)}.`);
    }
    return new Map(users.map(user => [user.name, user]));
  } catch (cause) {
    if (cause instanceof ArgonError) {
      throw cause;
    }
    throw new ArgonError('DATA_CORRUPT', `The users in ${path} cannot be understood.`, { cause });
  }
}
