import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { dirname } from 'node:path';
import type { Engine } from '@argon/wal-core';
import { Users } from '../auth/users';
import type { Logger } from '../logger';
import type { SessionDirectory } from '../session/directory';
import { COMMANDS, TEST_COMMANDS } from './commands';
import { Connection } from './connection';
import type { Services } from './context';
import { CappedOrders } from './capped/order';
import { Cursors } from './cursors';
import { Dispatcher } from './dispatch';
import { MongoError } from './errors';
import { FailPoints } from './failpoint/fail-points';
import { CONNECTIONS_MAX } from './limits';
import { LogicalSessions } from './lsid';
import { Operations } from './operation';
import { Registry } from './registry';
import { Retries } from './retry';
import { SignIn, SignInDesk } from './sign-in';
import { Statistics } from './statistics';
import { Usage } from './usage';
import { Transactions } from './transactions/transactions';

/** What a wire server works with. */
export interface WireServerOptions {
  readonly engine: Engine;
  readonly sessions: SessionDirectory;
  /** Version of Argon, shown by `buildInfo` and `hello`. */
  readonly version: string;
  readonly logger: Logger;
  /** Takes commands that only the tests of drivers need, such as `configureFailPoint`. */
  readonly testCommands?: boolean;
}

/** Where to listen: a unix socket, or TCP (port 0 takes a free one). */
export type ListenAddress = { readonly path: string } | TcpAddress;

/** A TCP port and who is let in there. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  /** Clients sign in before anything else. */
  readonly signIn?: boolean;
  /** Talk TLS with this certificate and key, both PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Where a server listens now. */
export type BoundAddress = { readonly path: string } | { readonly host: string; readonly port: number };

const HOUSEKEEPING_MS = 30_000;
/** A TLS handshake that takes longer is given up. */
const HANDSHAKE_MS_MAX = 10_000;
/** A command that does not end is cut off when the server closes. */
const CLOSE_GRACE_MS = 5_000;

/** The MongoDB wire protocol over an engine, on any number of sockets. */
export class WireServer {
  private readonly services: Services;
  private readonly dispatcher: Dispatcher;
  private readonly servers = new Set<Server>();
  private readonly paths = new Set<string>();
  private readonly connections = new Set<Connection>();
  private readonly housekeeping: NodeJS.Timeout;
  private lastConnectionId = 0;
  private closing: Promise<void> | undefined;

  constructor({ engine, sessions, version, logger, testCommands = false }: WireServerOptions) {
    const failPoints = testCommands ? new FailPoints() : undefined;
    this.services = {
      engine,
      sessions,
      version,
      logger,
      cursors: new Cursors(),
      capped: new CappedOrders(engine),
      logical: new LogicalSessions(),
      operations: new Operations(() => failPoints?.maxTimeAlwaysTimeOut.enter() === true),
      retries: new Retries(engine, failPoints?.onPrimaryTransactionalWrite),
      transactions: new Transactions(engine),
      statistics: new Statistics(),
      usage: new Usage(),
      signInDesk: new SignInDesk(new Users(engine.directory)),
      ...(failPoints === undefined ? {} : { failPoints }),
      processId: randomBytes(12),
      startedAt: new Date()
    };
    this.dispatcher = new Dispatcher(
      this.services,
      new Registry(testCommands ? [...COMMANDS, ...TEST_COMMANDS] : COMMANDS)
    );
    this.housekeeping = setInterval(() => this.tidy(), HOUSEKEEPING_MS);
    this.housekeeping.unref();
  }

  /** Starts to listen. A unix socket gets mode 0600; its directory is made with 0700 when missing. */
  async listen(address: ListenAddress): Promise<BoundAddress> {
    if (this.closing !== undefined) {
      throw new Error('the wire server is closed');
    }
    const server = this.serverFor(address);
    if ('path' in address) {
      prepareSocketPath(address.path);
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Only the owner may connect, from the first moment on.
      const mask = 'path' in address ? process.umask(0o177) : undefined;
      try {
        server.listen(
          'path' in address ? { path: address.path } : { host: address.host, port: address.port },
          resolve
        );
      } finally {
        if (mask !== undefined) {
          process.umask(mask);
        }
      }
    });
    server.on('error', error => this.services.logger.error('a listening socket failed', { error }));
    this.servers.add(server);
    if ('path' in address) {
      chmodSync(address.path, 0o600);
      this.paths.add(address.path);
      return { path: address.path };
    }
    const bound = server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  private serverFor(address: ListenAddress): Server {
    if ('path' in address) {
      return createServer(socket => this.accept(socket, address.path, false));
    }
    const mustSignIn = address.signIn === true;
    if (address.tls === undefined) {
      return createServer(socket => this.accept(socket, undefined, mustSignIn));
    }
    const options = { ...address.tls, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS_MAX } as const;
    return createTlsServer(options, socket => this.accept(socket, undefined, mustSignIn)).on(
      'tlsClientError',
      error => this.services.logger.debug('a TLS handshake failed', { error })
    );
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** Stops listening, lets running commands end, closes every connection. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    clearInterval(this.housekeeping);
    const closed = [...this.servers].map(
      server => new Promise<void>(resolve => server.close(() => resolve()))
    );
    this.services.cursors.killAll(new MongoError('InterruptedAtShutdown', 'the bridge is shutting down'));
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>(resolve => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.all([...this.connections].map(connection => connection.end())), grace]);
    clearTimeout(timer);
    for (const connection of this.connections) {
      connection.destroy();
    }
    this.services.transactions.endAll();
    await Promise.all(closed);
    for (const path of this.paths) {
      rmSync(path, { force: true });
    }
  }

  private accept(socket: Socket, path: string | undefined, mustSignIn: boolean): void {
    if (this.closing !== undefined || this.connections.size >= CONNECTIONS_MAX) {
      this.services.logger.warn('a connection was refused', {
        open: this.connections.size,
        most: CONNECTIONS_MAX
      });
      socket.destroy();
      return;
    }
    const id = ++this.lastConnectionId;
    const addresses = {
      local: path ?? hostAndPort(socket.localAddress, socket.localPort),
      remote:
        path === undefined ? hostAndPort(socket.remoteAddress, socket.remotePort) : 'anonymous unix socket'
    };
    const signIn = new SignIn(mustSignIn, this.services.signInDesk);
    const connection = new Connection(
      socket,
      id,
      addresses,
      signIn,
      this.services,
      this.dispatcher,
      closed => {
        this.connections.delete(closed);
        this.services.statistics.connectionsOpen = this.connections.size;
        this.services.cursors.connectionClosed(closed.state.id);
        const left = this.services.transactions.connectionClosed(closed.state.id);
        if (left !== undefined) {
          this.services.cursors.transactionEnded(left.session, left.number);
        }
      }
    );
    this.connections.add(connection);
    this.services.statistics.connectionsCreated++;
    this.services.statistics.connectionsOpen = this.connections.size;
  }

  private tidy(): void {
    this.services.cursors.expire();
    for (const session of this.services.logical.expire()) {
      this.services.cursors.sessionEnded(session);
      this.services.transactions.sessionEnded(session);
    }
    this.sendRemovedUsersAway();
  }

  private sendRemovedUsersAway(): void {
    let known: ReadonlySet<string>;
    try {
      known = new Set(this.services.signInDesk.users.list().map(({ name }) => name));
    } catch (error) {
      // Whoever is in stays in; nobody new gets in.
      this.services.logger.error('the users cannot be read', { error });
      return;
    }
    for (const connection of this.connections) {
      const { required, user } = connection.state.signIn;
      if (required && user !== undefined && !known.has(user)) {
        connection.destroy();
      }
    }
  }
}

/** Makes the directory, and removes the socket a dead server left. A file that is no socket is not touched. */
function prepareSocketPath(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path) && statSync(path).isSocket()) {
    rmSync(path);
  }
}

function hostAndPort(address: string | undefined, port: number | undefined): string {
  const plain = (address ?? '127.0.0.1').replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
