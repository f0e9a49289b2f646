import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { openEngine, type Engine } from '@argon/wal-core';
import { createLogger } from '../logger';
import { NO_SESSIONS, type SessionDirectory } from '../session/directory';
import { WireServer } from './server';

/** A bridge's data plane over a real engine in a directory of its own, for tests. */
export class TestBridge {
  private readonly clients: MongoClient[] = [];

  private constructor(
    readonly directory: string,
    private readonly sessions: SessionDirectory,
    public engine: Engine,
    public server: WireServer,
    public port: number,
    readonly socketPath: string
  ) {}

  static async start(sessions: SessionDirectory = NO_SESSIONS): Promise<TestBridge> {
    const directory = await mkdtemp(join(tmpdir(), 'argon-wire-'));
    const socketPath = join(directory, 'run', 'wire.sock');
    const { engine, server, port } = await open(directory, socketPath, sessions);
    return new TestBridge(directory, sessions, engine, server, port, socketPath);
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.port}/?directConnection=true`;
  }

  /** A connected driver; closed with the bridge. */
  async client(options: MongoClientOptions = {}): Promise<MongoClient> {
    const client = new MongoClient(this.uri, options);
    this.clients.push(client);
    return client.connect();
  }

  /** Closes engine and server and opens the same directory again, on another port. */
  async restart(): Promise<void> {
    await this.closeClients();
    await this.server.close();
    await this.engine.close();
    Object.assign(this, await open(this.directory, this.socketPath, this.sessions));
  }

  async stop(): Promise<void> {
    await this.closeClients();
    await this.server.close();
    await this.engine.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async closeClients(): Promise<void> {
    await Promise.all(this.clients.splice(0).map(client => client.close()));
  }
}

async function open(
  directory: string,
  socketPath: string,
  sessions: SessionDirectory
): Promise<{ engine: Engine; server: WireServer; port: number }> {
  const engine = await openEngine({ directory: join(directory, 'data') });
  const server = new WireServer({ engine, sessions, version: '0.0.0-test', logger: createLogger('error') });
  await server.listen({ path: socketPath });
  const bound = await server.listen({ host: '127.0.0.1', port: 0 });
  return { engine, server, port: 'port' in bound ? bound.port : 0 };
}
