import { existsSync, realpathSync } from 'node:fs';
import { ArgonError, ERROR_CODES, isArgonError, type ErrorCode } from '@argon/wal-core';
import { WebSocket } from 'ws';
import { openCore } from '../core';
import { readBeacon, type Beacon } from '../discovery/beacon';
import { socketDirectory } from '../discovery/directory';
import type { Logger } from '../logger';
import type { Caller } from '../rpc/context';
import { Dispatcher, MESSAGE_BYTES_MAX } from '../rpc/dispatcher';
import { methods } from '../rpc/methods';
import {
  PROTOCOL_VERSION,
  type Error as ProtocolError,
  type HelloParams,
  type Methods
} from '../rpc/protocol';
import { VERSION } from '../version';

/** Calls methods of a bridge. */
export interface BridgeClient {
  call<M extends keyof Methods>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']>;
  close(): Promise<void>;
}

const HELLO: HelloParams = { client: { kind: 'cli', version: VERSION }, protocol: PROTOCOL_VERSION };

/** The running bridge of a data directory; without one, the engine in this very process. */
export async function connect(data: string, logger: Logger, mlflow?: string): Promise<BridgeClient> {
  const running = await connectRunning(data);
  if (running) {
    return running;
  }
  try {
    return await openInProcess(data, logger, mlflow);
  } catch (error) {
    // A bridge may have started in between.
    const started = isArgonError(error, 'DIRECTORY_LOCKED') ? await connectRunning(data) : undefined;
    if (started) {
      return started;
    }
    throw error;
  }
}

/** The beacon of a data directory, if a bridge lit one. */
export function findBeacon(data: string): Beacon | undefined {
  return existsSync(data) ? readBeacon(socketDirectory(realpathSync(data))) : undefined;
}

/** The running bridge of a data directory; undefined when none answers. */
export async function connectRunning(data: string): Promise<BridgeClient | undefined> {
  const beacon = findBeacon(data);
  if (!beacon) {
    return undefined;
  }
  const socket = new WebSocket(beacon.rpc, { maxPayload: 2 * MESSAGE_BYTES_MAX, handshakeTimeout: 5_000 });
  const isOpen = await new Promise<boolean>(resolve => {
    socket.once('open', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  if (!isOpen) {
    return undefined;
  }
  const client = new SocketClient(socket);
  await client.call('hello', HELLO);
  return client;
}

class SocketClient implements BridgeClient {
  private readonly waiting = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  private last = 0;

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.receive(data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const gone = new ArgonError('BRIDGE_UNAVAILABLE', 'The bridge went away before it answered.');
      this.waiting.forEach(({ reject }) => reject(gone));
      this.waiting.clear();
    });
  }

  call<M extends keyof Methods>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      if (this.socket.readyState === this.socket.CLOSED) {
        return resolve();
      }
      this.socket.once('close', () => resolve());
      this.socket.close(1000);
    });
  }

  private receive(text: string): void {
    const reply = JSON.parse(text) as { id?: number; result?: never; error?: ProtocolError };
    const waiting = reply.id === undefined ? undefined : this.waiting.get(reply.id);
    if (!waiting || reply.id === undefined) {
      return;
    }
    this.waiting.delete(reply.id);
    if (reply.error) {
      waiting.reject(toArgonError(reply.error));
    } else {
      waiting.resolve(reply.result as never);
    }
  }
}

async function openInProcess(
  data: string,
  logger: Logger,
  mlflow: string | undefined
): Promise<BridgeClient> {
  const core = await openCore({ data, logger, ...(mlflow === undefined ? {} : { mlflow }) });
  const dispatcher = new Dispatcher(core.context, methods(core.context));
  const caller: Caller = {
    client: HELLO.client,
    readOnly: false,
    session: undefined,
    signal: new AbortController().signal,
    subscribe: () => 's1',
    unsubscribe: () => true
  };
  return { call: (method, params) => dispatcher.call(method, params, caller), close: () => core.close() };
}

/** The error as the bridge threw it. */
export function toArgonError({ message, data }: ProtocolError): ArgonError {
  const code = Object.hasOwn(ERROR_CODES, data.code) ? (data.code as ErrorCode) : 'INTERNAL';
  return new ArgonError(code, message, { data: data.data ?? {} });
}
