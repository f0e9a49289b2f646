import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ArgonClient } from '../client/client';
import type { ConnectionState } from '../client/connectionState';
import type { ProtocolEvent } from '../client/protocol';

/** What a view shows, read from the bridge and followed by its events for as long as the view is there. */
export abstract class ViewModel implements IDisposable {
  constructor(client: ArgonClient, project: string) {
    this._client = client;
    this.project = project;
    client.received.connect(this._onEvent, this);
    client.stateChanged.connect(this._onState, this);
  }

  readonly project: string;

  /** Emits after each change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._turn += 1;
    Signal.clearData(this);
  }

  /** The bridge told everybody that something happened. */
  protected abstract _onEvent(client: ArgonClient, event: ProtocolEvent): void;

  /** The connection came, or went. */
  protected abstract _onState(client: ArgonClient, state: ConnectionState): void;

  protected _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  protected readonly _client: ArgonClient;
  /** Number of the newest read: what an older one brings is not taken any more. */
  protected _turn = 0;
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
