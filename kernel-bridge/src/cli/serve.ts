import { resolve } from 'node:path';
import { ArgonError, isArgonError } from '@argon/wal-core';
import { Users } from '../auth/users';
import { Bridge } from '../bridge';
import { findBeacon } from './client';
import { compileSooner } from './compile-sooner';
import { EXIT } from './exit';
import type { TcpAddress } from '../wire/server';
import { createLogger, type LogLevel } from '../logger';
import { isLoopback, tcpAddress } from './tcp';

/** Options of `argon serve`, as the command line gives them. */
export interface ServeOptions {
  readonly data: string;
  readonly host?: string;
  readonly port?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** False after `--no-auth`. */
  readonly auth: boolean;
  readonly socketDir?: string;
  readonly idleExit?: number;
  readonly parentStdin?: boolean;
  readonly mlflow?: string;
  readonly logLevel: LogLevel;
  readonly allowOrigin?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly testCommands?: boolean;
}

/** A bridge that cannot end in this time is ended. */
const CLOSE_MS_MAX = 10_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs a bridge until it is told to end: by a signal, by the end of its parent's pipe, by a client, or by
 * idleness. Prints one line of JSON when it is ready. Answers the exit code of the process.
 */
export async function serve(options: ServeOptions): Promise<number> {
  const tcp = tcpAddress(options);
  compileSooner();
  const logger = createLogger(options.logLevel);
  let end: (reason: string) => void = () => undefined;
  const ended = new Promise<string>(resolve => (end = resolve));
  SIGNALS.forEach(signal => process.on(signal, () => end(signal)));
  if (options.parentStdin) {
    // The parent holds the other end; when it dies in whatever way, the pipe closes.
    for (const event of ['end', 'close', 'error'] as const) {
      process.stdin.on(event, () => end('the parent is gone'));
    }
    process.stdin.resume();
  }
  const bridge = await open(options, tcp, () => end('a client asked for it'), logger);
  if (tcp?.signIn === true && new Users(bridge.addresses.data).list().length === 0) {
    logger.warn('nobody can sign in over TCP yet: add a user with `argon user add NAME`');
  }
  let idleTimer: NodeJS.Timeout | undefined;
  if (options.idleExit !== undefined) {
    idleTimer = watchIdleness(bridge, options.idleExit * 1000, () => end('nobody uses it'));
  }
  process.on('uncaughtException', error => {
    logger.error('an unexpected fault ends the bridge', { error });
    bridge.abandon();
    process.exit(EXIT.ERROR);
  });
  if (tcp !== undefined && tcp.tls === undefined && !isLoopback(tcp.host)) {
    logger.warn('whoever is on the way can read what goes over TCP: give --tls-cert and --tls-key', {
      host: tcp.host
    });
  }
  // Whoever started the bridge may not read its output any more.
  process.stdout.on('error', () => undefined);
  process.stdout.write(`${JSON.stringify(readyLine(bridge))}\n`);
  logger.info('the bridge is ready', { pid: process.pid, data: bridge.addresses.data });

  const reason = await ended;
  clearInterval(idleTimer);
  logger.info('the bridge is ending', { reason });
  const { failed } = bridge;
  setTimeout(() => {
    logger.error('the bridge did not end in time and is ended', { limitMs: CLOSE_MS_MAX });
    bridge.abandon();
    process.exit(EXIT.ERROR);
  }, CLOSE_MS_MAX).unref();
  await bridge.close();
  if (options.parentStdin) {
    process.stdin.destroy();
  }
  return failed === undefined ? EXIT.OK : EXIT.ERROR;
}

async function open(
  options: ServeOptions,
  tcp: TcpAddress | undefined,
  onShutdown: () => void,
  logger: ReturnType<typeof createLogger>
): Promise<Bridge> {
  try {
    return await Bridge.open({
      data: options.data,
      logger,
      onShutdown,
      testCommands: options.testCommands === true,
      policy: { origins: options.allowOrigin ?? [], hosts: options.allowHost ?? [] },
      ...(tcp === undefined ? {} : { tcp }),
      ...(options.socketDir === undefined ? {} : { socketDirectory: resolve(options.socketDir) }),
      ...(options.mlflow === undefined ? {} : { mlflow: options.mlflow })
    });
  } catch (error) {
    if (options.parentStdin) {
      // A pipe that is read would keep this process alive, and its parent waiting for a bridge.
      process.stdin.destroy();
    }
    if (isArgonError(error, 'DIRECTORY_LOCKED')) {
      const beacon = findBeacon(options.data);
      const who = beacon === undefined ? 'Another process' : `The bridge with process id ${beacon.pid}`;
      const message = `${who} uses the data directory ${options.data}. Use that one, or end it first: argon stop.`;
      throw new ArgonError('DIRECTORY_LOCKED', message, { cause: error, data: error.data });
    }
    throw error;
  }
}

/** What is printed when the bridge is ready: `wire` is the TCP port when there is one, else the unix socket. */
function readyLine({ addresses }: Bridge): object {
  const { tcp, wire, rpc, pid, data, sockets } = addresses;
  return { ready: true, wire: tcp ?? wire, rpc, pid, data, sockets };
}

function watchIdleness(bridge: Bridge, idleMs: number, onIdle: () => void): NodeJS.Timeout {
  let busyAt = performance.now();
  return setInterval(
    () => {
      if (bridge.connections > 0) {
        busyAt = performance.now();
      } else if (performance.now() - busyAt >= idleMs) {
        onIdle();
      }
    },
    Math.min(1_000, idleMs / 2)
  ).unref();
}
