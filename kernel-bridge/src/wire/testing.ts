import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BSON, MongoClient, type Document, type MongoClientOptions } from 'mongodb';
import { openEngine, type Engine } from '@argon/wal-core';
import { createLogger } from '../logger';
import { NO_SESSIONS, type SessionDirectory } from '../session/directory';
import { FrameReader, OP } from './frame';
import { WireServer } from './server';

/** The driver loads `os` by a dynamic import, which jest's sandbox does not have; without it no metadata are sent. */
export const DRIVER_IN_JEST = { runtimeAdapters: { os } } as unknown as MongoClientOptions;

/** A bridge's data plane over a real engine in a directory of its own, for tests. */
export class TestBridge {
  private readonly clients: MongoClient[] = [];

  private constructor(
    readonly directory: string,
    private readonly sessions: SessionDirectory,
    public engine: Engine,
    public server: WireServer,
    public port: number,
    readonly socketPath: string,
    private readonly testCommands: boolean
  ) {}

  static async start(sessions: SessionDirectory = NO_SESSIONS, testCommands = false): Promise<TestBridge> {
    const directory = await mkdtemp(join(tmpdir(), 'argon-wire-'));
    const socketPath = join(directory, 'run', 'wire.sock');
    const { engine, server, port } = await open(directory, socketPath, sessions, testCommands);
    return new TestBridge(directory, sessions, engine, server, port, socketPath, testCommands);
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.port}/?directConnection=true`;
  }

  /** A connected driver; closed with the bridge. */
  async client(options: MongoClientOptions = {}): Promise<MongoClient> {
    const client = new MongoClient(this.uri, { ...DRIVER_IN_JEST, ...options });
    this.clients.push(client);
    return client.connect();
  }

  /** Closes engine and server and opens the same directory again, on another port. */
  async restart(): Promise<void> {
    await this.closeClients();
    await this.server.close();
    await this.engine.close();
    Object.assign(this, await open(this.directory, this.socketPath, this.sessions, this.testCommands));
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
  sessions: SessionDirectory,
  testCommands: boolean
): Promise<{ engine: Engine; server: WireServer; port: number }> {
  const engine = await openEngine({ directory: join(directory, 'data') });
  const server = new WireServer({
    engine,
    sessions,
    version: '0.0.0-test',
    logger: createLogger('error'),
    testCommands
  });
  await server.listen({ path: socketPath });
  const bound = await server.listen({ host: '127.0.0.1', port: 0 });
  return { engine, server, port: 'port' in bound ? bound.port : 0 };
}

/** A client below any driver: it sends what it is told, byte for byte. */
export class RawConnection {
  private readonly reader = new FrameReader();
  private lastId = 0;
  private waiting: { resolve: (body: Buffer) => void; reject: (error: Error) => void } | undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', chunk => {
      this.reader.push(chunk);
      const frame = this.waiting === undefined ? undefined : this.reader.next();
      if (frame !== undefined) {
        this.waiting?.resolve(frame.body);
        this.waiting = undefined;
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Bytes of an OP_MSG with this command. */
  static message(command: Document, requestId = 1): Buffer {
    const body = BSON.serialize(command);
    const message = Buffer.alloc(21 + body.length);
    message.writeInt32LE(message.length, 0);
    message.writeInt32LE(requestId, 4);
    message.writeInt32LE(OP.MSG, 12);
    message.set(body, 21);
    return message;
  }

  /** Sends a command and waits for its reply, whatever it says. */
  async command(command: Document): Promise<Document> {
    const message = RawConnection.message(command, ++this.lastId);
    const body = await new Promise<Buffer>((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(message);
    });
    // A regular expression comes back as it was sent: not all of them are one in JavaScript.
    return BSON.deserialize(body.subarray(5), { bsonRegExp: true });
  }

  close(): void {
    this.socket.destroy();
  }
}
