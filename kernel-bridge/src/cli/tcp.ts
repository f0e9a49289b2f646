import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { ArgonError } from '@argon/wal-core';
import type { TcpAddress } from '../wire/server';

/** Where `argon serve` listens for drivers, as the command line says. */
export interface TcpOptions {
  readonly port?: number;
  readonly host?: string;
  /** False after `--no-auth`. */
  readonly auth: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

const LOOPBACK = '127.0.0.1';

/** The TCP address; undefined without a port. @throws BAD_REQUEST for options that do not go together */
export function tcpAddress({
  port,
  host = LOOPBACK,
  auth,
  tlsCert,
  tlsKey
}: TcpOptions): TcpAddress | undefined {
  if (port === undefined) {
    return undefined;
  }
  if (!auth && !isLoopback(host)) {
    throw new ArgonError(
      'BAD_REQUEST',
      `--no-auth on ${host} would let everybody in who reaches this machine. Leave --host out, or let people sign in.`
    );
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ArgonError('BAD_REQUEST', '--tls-cert and --tls-key go together: give both or none.');
  }
  const tls = tlsCert === undefined || tlsKey === undefined ? undefined : readPair(tlsCert, tlsKey);
  return { host, port, signIn: auth, ...(tls === undefined ? {} : { tls }) };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Certificate and key, tried out here: a pair that does not fit is said at the start, not to each client. */
function readPair(certPath: string, keyPath: string): { cert: string; key: string } {
  const cert = read(certPath, 'certificate');
  const key = read(keyPath, 'private key');
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new ArgonError('BAD_REQUEST', `${certPath} and ${keyPath} are no certificate and its key in PEM.`, {
      cause
    });
  }
  return { cert, key };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ArgonError('BAD_REQUEST', `The ${what} ${path} cannot be read.`, { cause });
  }
}
