import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ArgonError } from '@argon/wal-core';
import type { UpgradePolicy } from './auth/origins';
import { openCore, type BridgeCore, type CoreOptions } from './core';
import { douseBeacon, lightBeacon, type Beacon } from './discovery/beacon';
import { prepareSocketDirectory, socketDirectory } from './discovery/directory';
import { RPC_PATH, RpcServer } from './rpc/server';
import { VERSION } from './version';
import { WireServer, type TcpAddress } from './wire/server';

/** What a listening bridge is made from. */
export interface BridgeOptions extends CoreOptions {
  /** Directory of the sockets; default by the rule of discovery. */
  readonly socketDirectory?: string;
  /** TCP address of the MongoDB wire protocol; port 0 takes a free one; absent: unix socket only. */
  readonly tcp?: TcpAddress;
  readonly policy?: UpgradePolicy;
  /** Takes the commands that only the tests of MongoDB drivers need. */
  readonly testCommands?: boolean;
  /** Called when a client asks the bridge to end. */
  readonly onShutdown: () => void;
}

/** Where a bridge listens. */
export interface BridgeAddresses extends Beacon {
  /** MongoDB connection string of the TCP port, when there is one. */
  readonly tcp?: string;
  readonly sockets: { readonly rpc: string; readonly wire: string };
}

/** The process around the engine: control plane, data plane, and the file by which clients find both. */
export class Bridge {
  private closing: Promise<void> | undefined;

  private constructor(
    readonly addresses: BridgeAddresses,
    private readonly directory: string,
    private readonly core: BridgeCore,
    private readonly rpc: RpcServer,
    private readonly wire: WireServer
  ) {}

  /** Opens the engine and listens. Whatever was opened is closed again when a later step fails. */
  static async open(options: BridgeOptions): Promise<Bridge> {
    const core = await openCore(options);
    const { engine, sessions, context } = core;
    const { logger } = options;
    const wire = new WireServer({
      engine,
      sessions,
      version: VERSION,
      logger,
      testCommands: options.testCommands === true
    });
    let rpc: RpcServer | undefined;
    try {
      const data = engine.directory;
      const directory = options.socketDirectory ?? socketDirectory(data);
      prepareSocketDirectory(directory);
      const sockets = { rpc: join(directory, 'rpc.sock'), wire: join(directory, 'wire.sock') };
      // The data directory is ours alone by its lock: what lies here was left by a process that died.
      rmSync(sockets.rpc, { force: true });
      rmSync(sockets.wire, { force: true });
      const bound = options.tcp === undefined ? undefined : await listenTcp(wire, options.tcp);
      await wire.listen({ path: sockets.wire });
      const addresses: BridgeAddresses = {
        pid: process.pid,
        rpc: `ws+unix://${sockets.rpc}:${RPC_PATH}`,
        wire: `mongodb://${encodeURIComponent(sockets.wire)}/?directConnection=true`,
        version: VERSION,
        data,
        startedAt: context.startedAt.toISOString(),
        ...(bound === undefined ? {} : { tcp: bound }),
        sockets
      };
      let isReady = false;
      const server: RpcServer = new RpcServer({
        context: {
          ...context,
          wire: addresses.wire,
          connections: () => server.connections,
          wireConnections: () => wire.connectionCount,
          shutdown: options.onShutdown
        },
        ...(options.policy === undefined ? {} : { policy: options.policy }),
        isReady: () => isReady
      });
      rpc = server;
      await server.listen(sockets.rpc);
      const { sockets: _sockets, ...beacon } = addresses;
      lightBeacon(directory, beacon);
      isReady = true;
      return new Bridge(addresses, directory, core, server, wire);
    } catch (error) {
      await rpc?.close();
      await wire.close();
      await core.close();
      throw error;
    }
  }

  /** Connections of both planes. */
  get connections(): number {
    return this.rpc.connections + this.wire.connectionCount;
  }

  /** Why the engine takes no more writes. */
  get failed(): string | undefined {
    return this.core.engine.status().failed;
  }

  /** Ends both planes, then the engine. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      douseBeacon(this.directory);
      await Promise.all([this.rpc.close(), this.wire.close()]);
      await this.core.close();
    })();
    return this.closing;
  }

  /** Takes the sockets away at once, for a process that must not go on. */
  abandon(): void {
    douseBeacon(this.directory);
    rmSync(this.addresses.sockets.rpc, { force: true });
    rmSync(this.addresses.sockets.wire, { force: true });
  }
}

/** The connection string of the port. @throws BRIDGE_UNAVAILABLE when it cannot be had */
async function listenTcp(wire: WireServer, address: TcpAddress): Promise<string> {
  const { host, port, tls } = address;
  try {
    const bound = await wire.listen(address);
    const shown = host.includes(':') ? `[${host}]` : host;
    return `mongodb://${shown}:${'port' in bound ? bound.port : port}/${tls === undefined ? '' : '?tls=true'}`;
  } catch (error) {
    const why = LISTEN_TROUBLE[(error as NodeJS.ErrnoException).code ?? ''];
    if (why !== undefined) {
      throw new ArgonError('BRIDGE_UNAVAILABLE', why(host, port), { cause: error, data: { host, port } });
    }
    throw error;
  }
}

const LISTEN_TROUBLE: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `Port ${port} of ${host} is taken. Choose another with --port, or --port 0 for a free one.`,
  EADDRNOTAVAIL: host => `This machine has no address ${host}. Choose another with --host.`,
  ENOTFOUND: host => `This machine has no address ${host}. Choose another with --host.`,
  EACCES: (host, port) => `Port ${port} of ${host} is not for everybody. Choose one above 1023 with --port.`
};
