import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docKeyOf, type Engine, type Origin, type Writer } from '@argon/wal-core';
import { serialize } from 'bson';
import { WebSocket, type ClientOptions } from 'ws';
import { openCore, type BridgeCore } from '../core';
import { createLogger } from '../logger';
import { PROTOCOL_VERSION, type Error as ProtocolError, type Methods, type ProtocolEvent } from './protocol';
import { RpcServer, type RpcServerOptions } from './server';
import { eventProblem, resultProblem } from './validation';

/** Methods that some client of this process has called, with their results checked against the schema. */
export const CALLED = new Set<string>();

/** A control plane over a real engine in a temporary directory. */
export interface TestBridge {
  readonly core: BridgeCore;
  readonly engine: Engine;
  readonly socket: string;
  readonly server: RpcServer;
  /** Log lines at warn and above. */
  readonly log: readonly string[];
  /** How often a client asked for the end. */
  readonly shutdowns: () => number;
  connect(options?: { protocol?: number }): Promise<TestClient>;
  close(): Promise<void>;
}

export interface TestBridgeOptions extends Partial<RpcServerOptions> {
  readonly mlflow?: string;
  /** Where its data lies and stays; default: a directory of its own, which goes with it. */
  readonly folder?: string;
}

export async function openTestBridge(options: TestBridgeOptions = {}): Promise<TestBridge> {
  const { mlflow, folder: given, ...serverOptions } = options;
  const folder = given ?? mkdtempSync(join(tmpdir(), 'argon-rpc-'));
  const log: string[] = [];
  const logger = createLogger('warn', line => log.push(line));
  const core = await openCore({
    data: join(folder, 'data'),
    logger,
    ...(mlflow === undefined ? {} : { mlflow })
  });
  let shutdowns = 0;
  const context = {
    ...core.context,
    wire: 'mongodb://%2Ftmp%2Fwire.sock/?directConnection=true',
    shutdown: () => void shutdowns++,
    connections: () => server.connections
  };
  const server: RpcServer = new RpcServer({ context, ...serverOptions });
  const socket = join(folder, 'rpc.sock');
  await server.listen(socket);
  const clients: TestClient[] = [];
  return {
    core,
    engine: core.engine,
    socket,
    server,
    log,
    shutdowns: () => shutdowns,
    async connect({ protocol = PROTOCOL_VERSION } = {}) {
      const client = await TestClient.open(socket);
      clients.push(client);
      await client.call('hello', { client: { kind: 'script', version: '1' }, protocol });
      return client;
    },
    async close() {
      clients.forEach(client => client.socket.terminate());
      await server.close();
      await core.close();
      if (given === undefined) {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  };
}

interface Reply {
  readonly id?: number | string | null;
  readonly result?: unknown;
  readonly error?: ProtocolError;
}

/** A client that holds every result and event to its schema. */
export class TestClient {
  readonly events: ProtocolEvent[] = [];
  /** Replies to messages that were sent raw. */
  readonly raw: unknown[] = [];
  closed: { code: number; reason: string } | undefined;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private readonly watchers = new Set<() => void>();
  private last = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.receive(data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.watchers.forEach(check => check());
    });
  }

  static open(path: string, options: ClientOptions = {}): Promise<TestClient> {
    const socket = new WebSocket(`ws+unix://${path}:/rpc`, options);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new TestClient(socket)));
      socket.once('error', reject);
    });
  }

  async call<M extends keyof Methods>(
    method: M,
    params: Methods[M]['params']
  ): Promise<Methods[M]['result']> {
    const { result, error } = await this.ask(method, params);
    if (error) {
      throw new Error(`${method}: ${error.data.code} ${error.message}`);
    }
    const problem = resultProblem(method, result);
    if (problem !== undefined) {
      throw new Error(`the result of ${method} breaks its schema: ${problem}\n${JSON.stringify(result)}`);
    }
    CALLED.add(method);
    return result as Methods[M]['result'];
  }

  /** The error that a call is answered with. */
  async refusal(method: string, params: unknown): Promise<ProtocolError> {
    const { result, error } = await this.ask(method, params);
    if (!error) {
      throw new Error(`${method} was not refused: ${JSON.stringify(result)}`);
    }
    return error;
  }

  /** Its stable code. */
  async refusalCode(method: string, params: unknown): Promise<string> {
    return (await this.refusal(method, params)).data.code;
  }

  /** Waits until `check` answers something, looking again at each message. */
  until<T>(check: () => T | undefined, limitMs = 5_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.watchers.delete(look);
        reject(
          new Error(`not seen within ${limitMs} ms; events: ${JSON.stringify(this.events).slice(0, 2_000)}`)
        );
      }, limitMs);
      const look = () => {
        const found = check();
        if (found !== undefined) {
          clearTimeout(timer);
          this.watchers.delete(look);
          resolve(found);
        }
      };
      this.watchers.add(look);
      look();
    });
  }

  event<T extends ProtocolEvent['type']>(type: T): Promise<Extract<ProtocolEvent, { type: T }>> {
    return this.until(
      () => this.events.find(event => event.type === type) as Extract<ProtocolEvent, { type: T }>
    );
  }

  private ask(method: string, params: unknown): Promise<Reply> {
    const id = ++this.last;
    return new Promise(resolve => {
      this.waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as Reply & { method?: string; params?: ProtocolEvent };
    const waiting = typeof message.id === 'number' ? this.waiting.get(message.id) : undefined;
    if (message.method === 'event' && message.params) {
      const problem = eventProblem(message.params);
      if (problem !== undefined) {
        throw new Error(`an event breaks its schema: ${problem}\n${text}`);
      }
      this.events.push(message.params);
    } else if (waiting && typeof message.id === 'number') {
      this.waiting.delete(message.id);
      waiting(message);
    } else {
      this.raw.push(message);
    }
    this.watchers.forEach(check => check());
  }
}

/** Raw BSON of a document. */
export const bson = (document: object): Buffer => Buffer.from(serialize(document));
/** Key of an `_id`. */
export const keyOf = (id: unknown): Buffer => docKeyOf(bson({ _id: id }));

/** Writes with the engine, as the data plane would. */
export async function write(
  engine: Engine,
  branch: string,
  change: (writer: Writer) => void,
  origin: Origin = { actor: 'ann' },
  project = 'shop'
): Promise<void> {
  await engine.write(project, branch, origin, change);
}

/** Inserts documents into a collection. */
export function insert(
  engine: Engine,
  branch: string,
  collection: string,
  documents: readonly object[],
  origin?: Origin
): Promise<void> {
  return write(
    engine,
    branch,
    writer => {
      const info = writer.ensureCollection(collection);
      documents.forEach(document => writer.insert(info, bson(document)));
    },
    origin
  );
}

/** Replaces a document by its `_id`. */
export function replace(
  engine: Engine,
  branch: string,
  collection: string,
  document: { readonly _id: unknown; readonly [field: string]: unknown },
  origin?: Origin
): Promise<void> {
  return write(
    engine,
    branch,
    writer => writer.replace(writer.ensureCollection(collection), keyOf(document._id), bson(document)),
    origin
  );
}
