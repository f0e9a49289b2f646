import type { RawData, WebSocket } from 'ws';
import type { BridgeContext, Caller } from './context';
import type { Dispatcher } from './dispatcher';
import { EventStream, type EventFeed, type EventSink } from './events';
import type { HelloParams, ProtocolEvent } from './protocol';

/** Requests of one connection that are worked on at once; more wait in the socket. */
export const REQUESTS_IN_FLIGHT_MAX = 32;
/** Replies that a client has not read: beyond, its next requests wait in the socket. */
export const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes that a client has not read: beyond, events wait. */
export const UNREAD_EVENT_BYTES_MAX = 1024 * 1024;
/** A connection that answers no ping for two such periods is gone. */
export const HEARTBEAT_MS = 30_000;

/** Close codes of the protocol's own. */
export const CLOSE_CODES = {
  /** RFC 6455: the endpoint goes away. */
  GOING_AWAY: 1001,
  /** RFC 6455: only text messages are understood. */
  UNSUPPORTED_DATA: 1003,
  /** Events were not read fast enough: connect again and catch up with `log`. */
  SLOW_SUBSCRIBER: 4008
} as const;

/** One WebSocket: frames requests, replies and events, and holds back a client that does not read. */
export class RpcConnection implements Caller, EventSink {
  client: HelloParams['client'] | undefined;
  readOnly = false;
  session: string | undefined;
  private readonly controller = new AbortController();
  private readonly stream: EventStream;
  private unlisten: (() => void) | undefined;
  private inFlight = 0;
  private alive = true;

  constructor(
    private readonly socket: WebSocket,
    private readonly dispatcher: Dispatcher,
    private readonly context: BridgeContext,
    private readonly feed: EventFeed
  ) {
    this.stream = new EventStream(this);
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    socket.on('pong', () => (this.alive = true));
    socket.on('error', error => this.context.logger.debug('a connection failed', { error }));
    socket.on('close', () => this.ended());
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  subscribe(project: string | undefined): string {
    this.unlisten ??= this.feed.subscribe(event => this.stream.push(event));
    return this.stream.add(project);
  }

  unsubscribe(subscription: string): boolean {
    const known = this.stream.remove(subscription);
    if (this.stream.size === 0) {
      this.unlisten?.();
      this.unlisten = undefined;
    }
    return known;
  }

  send(event: ProtocolEvent): void {
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event }));
  }

  isFull(): boolean {
    return this.socket.bufferedAmount > UNREAD_EVENT_BYTES_MAX;
  }

  overflow(): void {
    this.context.logger.warn('a subscriber reads too slowly and is disconnected', {
      client: this.client?.kind
    });
    this.close(CLOSE_CODES.SLOW_SUBSCRIBER, 'events were not read fast enough; catch up with log');
  }

  /** Called every `HEARTBEAT_MS`. */
  beat(): void {
    if (!this.alive) {
      this.socket.terminate();
      return;
    }
    // A connection that is held back reads no pongs: that is our doing, not the client's.
    this.alive = this.socket.isPaused;
    this.socket.ping();
  }

  /** Says goodbye, and does not wait long for an answer. */
  close(code: number, reason: string): void {
    this.socket.resume();
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), 1_000).unref();
  }

  private receive(data: RawData, isBinary: boolean): void {
    this.alive = true;
    if (isBinary) {
      this.close(CLOSE_CODES.UNSUPPORTED_DATA, 'only text messages are understood');
      return;
    }
    this.inFlight++;
    this.holdBack();
    void this.dispatcher.handle(textOf(data), this).then(reply => {
      this.inFlight--;
      if (reply !== undefined && this.socket.readyState === this.socket.OPEN) {
        this.socket.send(reply, () => this.holdBack());
      }
      this.holdBack();
    });
  }

  private holdBack(): void {
    const busy = this.inFlight >= REQUESTS_IN_FLIGHT_MAX || this.socket.bufferedAmount > UNREAD_BYTES_MAX;
    if (busy && !this.socket.isPaused) {
      this.socket.pause();
    } else if (!busy && this.socket.isPaused) {
      this.socket.resume();
    }
  }

  private ended(): void {
    this.controller.abort();
    this.unlisten?.();
    this.stream.close();
    this.context.sessions.detach(this);
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) {
    return Buffer.concat(data).toString('utf8');
  }
  return Buffer.from(data as ArrayBuffer).toString('utf8');
}
