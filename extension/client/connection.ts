import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Methods, ProtocolEvent } from './protocol';
import { RpcError } from './rpcError';

/** How long an answer may take before a call is given up, in milliseconds. Long work is paged, never one call. */
const CALL_TIMEOUT_MS = 60_000;

/** How long a socket may take to open, in milliseconds. The relay waits for a bridge that starts. */
const OPEN_TIMEOUT_MS = 40_000;

/** What the connection needs of a WebSocket; tests bring their own. */
export type Socket = Pick<
  WebSocket,
  'readyState' | 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose' | 'onerror'
>;

/** Why a connection ended: the close frame of the WebSocket. */
export interface ICloseReason {
  readonly code: number;
  readonly reason: string;
}

/**
 * JSON-RPC 2.0 over one WebSocket. It lives as long as the socket; `client.ts` makes the next one.
 */
export class RpcConnection implements IDisposable {
  /**
   * Takes an open socket over.
   *
   * @param socket - A WebSocket in the state OPEN.
   */
  constructor(socket: Socket) {
    this._socket = socket;
    socket.onmessage = message => this._receive(String(message.data));
    socket.onclose = event => this._end({ code: event.code, reason: event.reason });
    socket.onerror = () => undefined;
  }

  /**
   * Opens a socket and resolves when it can be used.
   *
   * @throws BRIDGE_UNAVAILABLE when it closes or takes too long before it is open.
   */
  static open(socket: Socket): Promise<RpcConnection> {
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        clearTimeout(timer);
        reject(new RpcError('BRIDGE_UNAVAILABLE', message));
      };
      const timer = setTimeout(() => {
        socket.close();
        fail(`The bridge did not answer within ${OPEN_TIMEOUT_MS / 1000} s.`);
      }, OPEN_TIMEOUT_MS);
      socket.onopen = () => {
        clearTimeout(timer);
        resolve(new RpcConnection(socket));
      };
      socket.onerror = () => undefined;
      socket.onclose = event => fail(event.reason || 'The connection to the bridge was refused.');
    });
  }

  /** Emits every event that a subscription brings, in the order of the bridge. */
  get received(): ISignal<this, ProtocolEvent> {
    return this._received;
  }

  /** Emits once, when the socket has closed and every open call has been rejected. */
  get closed(): ISignal<this, ICloseReason> {
    return this._closed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Calls a method of the bridge.
   *
   * @throws RpcError with the code of the bridge, or BRIDGE_UNAVAILABLE when the connection ends first.
   */
  call<M extends keyof Methods>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    if (this._isDisposed) {
      return Promise.reject(new RpcError('BRIDGE_UNAVAILABLE', 'The connection to the bridge is closed.'));
    }
    const id = ++this._lastId;
    return new Promise<Methods[M]['result']>((resolve, reject) => {
      const timer = setTimeout(() => {
        this._calls.delete(id);
        reject(
          new RpcError('BRIDGE_UNAVAILABLE', `No answer to ${method} within ${CALL_TIMEOUT_MS / 1000} s.`)
        );
      }, CALL_TIMEOUT_MS);
      this._calls.set(id, { resolve: resolve as (result: unknown) => void, reject, timer });
      this._socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** Closes the socket and rejects what is still open. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._socket.onclose = null;
    this._socket.close();
    this._end({ code: 1000, reason: '' });
    Signal.clearData(this);
  }

  private _receive(text: string): void {
    const message = Private.parse(text);
    if (message === undefined) {
      return;
    }
    if (message.method === 'event') {
      this._received.emit(message.params as ProtocolEvent);
      return;
    }
    const call = typeof message.id === 'number' ? this._calls.get(message.id) : undefined;
    if (call === undefined || typeof message.id !== 'number') {
      return;
    }
    this._calls.delete(message.id);
    clearTimeout(call.timer);
    if (message.error === undefined) {
      call.resolve(message.result);
    } else {
      const { code, data } = message.error.data ?? {};
      call.reject(new RpcError(code ?? 'INTERNAL', message.error.message, data));
    }
  }

  private _end(reason: ICloseReason): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    for (const call of this._calls.values()) {
      clearTimeout(call.timer);
      call.reject(new RpcError('BRIDGE_UNAVAILABLE', 'The connection to the bridge was lost.'));
    }
    this._calls.clear();
    this._closed.emit(reason);
  }

  private readonly _socket: Socket;
  private readonly _calls = new Map<number, Private.ICall>();
  private readonly _received = new Signal<this, ProtocolEvent>(this);
  private readonly _closed = new Signal<this, ICloseReason>(this);
  private _lastId = 0;
  private _isDisposed = false;
}

/** What only this module needs. */
namespace Private {
  /** A call that waits for its answer. */
  export interface ICall {
    readonly resolve: (result: unknown) => void;
    readonly reject: (error: RpcError) => void;
    readonly timer: ReturnType<typeof setTimeout>;
  }

  /** A message of the bridge: an answer or a notification. */
  export interface IMessage {
    readonly id?: unknown;
    readonly method?: string;
    readonly params?: unknown;
    readonly result?: unknown;
    readonly error?: {
      readonly message: string;
      readonly data?: { readonly code?: string; readonly data?: Record<string, unknown> };
    };
  }

  /** The message in `text`; undefined when it is none, because a broken message must not break the page. */
  export function parse(text: string): IMessage | undefined {
    try {
      const message: unknown = JSON.parse(text);
      return typeof message === 'object' && message !== null ? message : undefined;
    } catch {
      return undefined;
    }
  }
}
