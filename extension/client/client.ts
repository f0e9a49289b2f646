import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { backoffMs } from './backoff';
import { BridgeControl, type IBridgeInfo } from './bridgeControl';
import { RpcConnection, type ICloseReason } from './connection';
import { isOpen, type ConnectionState } from './connectionState';
import { PROTOCOL_VERSION, type Methods, type ProtocolEvent } from './protocol';
import { messageOf, RpcError } from './rpcError';

/**
 * While the server starts the bridge it is asked how far it is: soon at first, and then after half the time that has
 * passed. A start takes less than a second, and one that reads a long log is asked about a dozen times a minute.
 */
const STARTING_WAIT_MS = { least: 300, most: 5_000 } as const;

/**
 * The page's one way to the bridge: it asks the server to start it on first need, opens the WebSocket,
 * comes back by itself after a loss, and tells everyone what the state is.
 */
export class ArgonClient implements IDisposable {
  constructor(options: ArgonClient.IOptions) {
    this._settings = options.serverSettings;
    this._version = options.version;
    this._control = new BridgeControl(options.serverSettings);
  }

  /** Where the page stands with the bridge. */
  get state(): ConnectionState {
    return this._state;
  }

  /** Emits after each change of `state`. */
  get stateChanged(): ISignal<this, ConnectionState> {
    return this._stateChanged;
  }

  /** Emits every event of the bridge, of all projects, in order. */
  get received(): ISignal<this, ProtocolEvent> {
    return this._received;
  }

  /** Whether calls can be made now. */
  get isOpen(): boolean {
    return isOpen(this._state);
  }

  /** Whether a newer or older bridge allows reading only. */
  get isReadOnly(): boolean {
    return this._state.kind === 'readOnly';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The last lines of the bridge's log, as the server keeps them. */
  async log(): Promise<readonly string[]> {
    return (await this._control.info()).log;
  }

  /** Connects when the bridge runs already, and starts nothing. */
  async look(): Promise<void> {
    if (this._state.kind === 'idle' && !this._isBusy) {
      await this._connect(false);
    }
  }

  /** Someone who can be seen needs the bridge: starts it when it is stopped. */
  async need(): Promise<void> {
    this._isNeeded = true;
    if (this._state.kind === 'idle' && !this._isBusy) {
      await this._connect(true);
    }
  }

  /** Starts the bridge after it was missing or failed, at a person's word. */
  async start(): Promise<void> {
    this._isNeeded = true;
    await this._ask('start');
  }

  /** Ends the bridge, starts it again and connects. Nothing that was acknowledged is lost. */
  async restart(): Promise<void> {
    this._isNeeded = true;
    await this._ask('restart');
  }

  /** Does not wait for the next try. */
  async retryNow(): Promise<void> {
    if (this._state.kind === 'reconnecting' && !this._isBusy) {
      clearTimeout(this._timer);
      await this._connect(true);
    }
  }

  /**
   * Calls a method of the bridge.
   *
   * @throws RpcError, with BRIDGE_UNAVAILABLE while there is no connection.
   */
  call<M extends keyof Methods>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    if (this._connection === undefined) {
      return Promise.reject(
        new RpcError('BRIDGE_UNAVAILABLE', 'The bridge is not connected. Try again in a moment.')
      );
    }
    return this._connection.call(method, params);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._connection?.dispose();
    this._connection = undefined;
    Signal.clearData(this);
  }

  private async _ask(action: 'start' | 'restart'): Promise<void> {
    clearTimeout(this._timer);
    this._drop();
    this._wasOpen = false;
    this._set({ kind: 'starting', since: Date.now(), message: '', log: [] });
    // The answer may come only when the bridge is up; `_connect` shows the stages meanwhile.
    const asked = this._control[action]();
    await asked.then(
      info => this._follow(info, true),
      (error: unknown) => this._fail('BRIDGE_UNAVAILABLE', messageOf(error))
    );
  }

  private async _connect(mayStart: boolean): Promise<void> {
    this._isBusy = true;
    try {
      let info = await this._control.info();
      if (info.state === 'stopped' && mayStart) {
        if (!this._wasOpen) {
          this._set({ kind: 'starting', since: Date.now(), message: info.message, log: info.log });
        }
        info = await this._control.start();
      }
      await this._follow(info, mayStart);
    } catch (error) {
      this._later(messageOf(error));
    } finally {
      this._isBusy = false;
    }
  }

  /** Does what the server's answer asks for: waits, connects, or says why not. */
  private async _follow(info: IBridgeInfo, mayStart: boolean): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    switch (info.state) {
      case 'running':
        await this._open();
        return;
      case 'starting':
        if (!this._wasOpen) {
          const since = this._state.kind === 'starting' ? this._state.since : Date.now();
          this._set({ kind: 'starting', since, message: info.message, log: info.log });
        }
        this._again(this._startingWaitMs(), true);
        return;
      case 'stopped':
        if (mayStart) {
          this._later(info.message);
        } else {
          this._set({ kind: 'idle' });
        }
        return;
      case 'missing':
      case 'failed':
        this._set({
          kind: info.state,
          message: info.message,
          code: info.code ?? 'BRIDGE_UNAVAILABLE',
          log: info.log
        });
        return;
    }
  }

  private async _open(): Promise<void> {
    if (!this._wasOpen) {
      this._set({ kind: 'connecting', since: Date.now() });
    }
    let connection: RpcConnection | undefined;
    try {
      connection = await RpcConnection.open(new this._settings.WebSocket(this._url()));
      connection.received.connect(this._onReceived, this);
      const hello = await connection.call('hello', {
        client: { kind: 'page', version: this._version },
        protocol: PROTOCOL_VERSION
      });
      await connection.call('subscribe', {});
      if (this._isDisposed) {
        connection.dispose();
        return;
      }
      this._connection = connection;
      connection.closed.connect(this._onClosed, this);
      this._attempt = 0;
      this._wasOpen = true;
      this._set({ kind: hello.readOnly ? 'readOnly' : 'connected', hello });
    } catch (error) {
      connection?.dispose();
      this._later(messageOf(error));
    }
  }

  private _onReceived(_: RpcConnection, event: ProtocolEvent): void {
    this._received.emit(event);
  }

  private _onClosed(_: RpcConnection, reason: ICloseReason): void {
    this._connection = undefined;
    this._later(reason.reason);
  }

  private _drop(): void {
    this._connection?.closed.disconnect(this._onClosed, this);
    this._connection?.dispose();
    this._connection = undefined;
  }

  /** Tries again after a back-off that everyone can see. */
  private _later(message: string): void {
    if (this._isDisposed) {
      return;
    }
    const wait = backoffMs(this._attempt);
    this._attempt += 1;
    const since = this._state.kind === 'reconnecting' ? this._state.since : Date.now();
    this._set({ kind: 'reconnecting', since, attempt: this._attempt, nextTryAt: Date.now() + wait, message });
    this._again(wait, this._isNeeded);
  }

  private _startingWaitMs(): number {
    const { least, most } = STARTING_WAIT_MS;
    const { _state: state } = this;
    return 'since' in state ? Math.min(most, Math.max(least, (Date.now() - state.since) / 2)) : least;
  }

  private _again(waitMs: number, mayStart: boolean): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._connect(mayStart), waitMs);
  }

  private _fail(code: string, message: string): void {
    this._set({ kind: 'failed', code, message, log: [] });
  }

  private _set(state: ConnectionState): void {
    if (!this._isDisposed) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _url(): string {
    const url = URLExt.join(this._settings.wsUrl, 'argon', 'rpc');
    return this._settings.appendToken && this._settings.token !== ''
      ? `${url}?token=${encodeURIComponent(this._settings.token)}`
      : url;
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _version: string;
  private readonly _control: BridgeControl;
  private readonly _stateChanged = new Signal<this, ConnectionState>(this);
  private readonly _received = new Signal<this, ProtocolEvent>(this);
  private _state: ConnectionState = { kind: 'idle' };
  private _connection: RpcConnection | undefined;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _attempt = 0;
  private _isBusy = false;
  private _isNeeded = false;
  private _wasOpen = false;
  private _isDisposed = false;
}

/** Types of `ArgonClient`. */
export namespace ArgonClient {
  export interface IOptions {
    readonly serverSettings: ServerConnection.ISettings;
    /** Version of this extension, told to the bridge. */
    readonly version: string;
  }
}
