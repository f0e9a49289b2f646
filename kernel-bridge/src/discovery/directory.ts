import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ArgonError } from '@argon/wal-core';

/** The kernel takes 107 bytes for the path of a unix socket, macOS 103; a Jupyter server's name is 8 longer. */
export const SOCKET_PATH_BYTES_MAX = 95;
/** Hex digits that name the directory of one bridge's sockets. */
const DIGEST_DIGITS = 12;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the data lives when nobody says: `ARGON_DATA`, else `~/.argon`. */
export function defaultDataDirectory(env: Environment = process.env): string {
  return dataDirectory(env['ARGON_DATA'] ?? '');
}

/** A data directory as people name it: `~` is their home, and nothing at all is `~/.argon`. */
export function dataDirectory(named: string): string {
  return resolve(named === '' ? join(homedir(), '.argon') : named.replace(/^~(?=\/|$)/, homedir()));
}

/**
 * Makes the data directory when missing; its real path, by which bridges are found.
 * @throws BRIDGE_UNAVAILABLE when that is not possible
 */
export function prepareDataDirectory(directory: string): string {
  try {
    makeDirectories(directory);
    return realpathSync(directory);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ArgonError('BRIDGE_UNAVAILABLE', `The data directory ${directory} cannot be made: ${why}.`, {
      cause
    });
  }
}

/** Like `mkdir -p` for our eyes only. Node's own never returns below a directory that takes no entries, as /proc. */
function makeDirectories(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      makeDirectories(dirname(path));
      mkdirSync(path, { mode: 0o700 });
    } else if (code !== 'EEXIST' || !statSync(path).isDirectory()) {
      throw error;
    }
  }
}

/**
 * Where the bridge of a data directory has its sockets. Every client finds it by the same rule: below
 * `ARGON_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/argon` if that directory is ours (`su` and containers leave the
 * one of somebody else behind), else `<tmp>/argon-<uid>`, in a directory named by the first 12 hex digits of
 * SHA-256 of the data directory's real path. Where that is too long for a socket, `/tmp` takes the place of
 * the last two.
 */
export function socketDirectory(dataRealPath: string, env: Environment = process.env): string {
  const digest = createHash('sha256').update(dataRealPath).digest('hex').slice(0, DIGEST_DIGITS);
  return join(socketBase(env), digest);
}

function socketBase(env: Environment): string {
  if (env['ARGON_RUNTIME_DIR']) {
    return resolve(env['ARGON_RUNTIME_DIR']);
  }
  const name = `argon-${uid()}`;
  const xdg = env['XDG_RUNTIME_DIR'];
  const usual = xdg && isOurs(xdg) ? join(xdg, 'argon') : join(tmpdir(), name);
  return longestPathBytes(join(usual, '0'.repeat(DIGEST_DIGITS))) <= SOCKET_PATH_BYTES_MAX
    ? usual
    : join('/tmp', name);
}

function isOurs(directory: string): boolean {
  const entry = statSync(directory, { throwIfNoEntry: false });
  return entry?.isDirectory() === true && entry.uid === uid();
}

const longestPathBytes = (directory: string) => Buffer.byteLength(join(directory, 'wire.sock'));

/** Makes the directory of the sockets, for nobody but us. @throws BRIDGE_UNAVAILABLE when that is not possible */
export function prepareSocketDirectory(directory: string): void {
  const longest = longestPathBytes(directory);
  if (longest > SOCKET_PATH_BYTES_MAX) {
    throw new ArgonError(
      'BRIDGE_UNAVAILABLE',
      `The path of the sockets in ${directory} has ${longest} bytes; at most ${SOCKET_PATH_BYTES_MAX} are possible. ` +
        'Set ARGON_RUNTIME_DIR to a shorter directory.',
      { data: { limit: SOCKET_PATH_BYTES_MAX, value: longest } }
    );
  }
  makeDirectories(directory);
  // The parent is shared by all our bridges; in /tmp somebody else may have made it first.
  const problem = distrust(directory);
  if (problem !== undefined) {
    throw new ArgonError('BRIDGE_UNAVAILABLE', `${directory} cannot hold the sockets: ${problem}.`);
  }
  chmodSync(directory, 0o700);
}

/** Why a directory is not safe for sockets of ours; undefined when it is. */
export function distrust(directory: string): string | undefined {
  const entry = lstatSync(directory);
  if (!entry.isDirectory()) {
    return 'it is not a directory';
  }
  if (entry.uid !== uid()) {
    return 'it belongs to somebody else';
  }
  const parent = statSync(dirname(directory));
  const isSticky = (parent.mode & 0o1000) !== 0;
  if (!isSticky && (parent.mode & 0o022) !== 0) {
    return 'others can write to the directory above it';
  }
  return parent.uid === uid() || parent.uid === 0
    ? undefined
    : 'the directory above it belongs to somebody else';
}

function uid(): number {
  return process.getuid?.() ?? 0;
}
