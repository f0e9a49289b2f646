import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { refusal, type UpgradePolicy } from '../auth/origins';
import { answerHealth } from '../http/health';
import { CLOSE_CODES, HEARTBEAT_MS, RpcConnection } from './connection';
import type { BridgeContext } from './context';
import { Dispatcher, MESSAGE_BYTES_MAX } from './dispatcher';
import { EventFeed } from './events';
import { methods } from './methods';

/** Connections at the same time. */
export const CONNECTIONS_MAX = 1_000;
/** Path of the control plane. */
export const RPC_PATH = '/rpc';

/** Options of the control plane's server. */
export interface RpcServerOptions {
  readonly context: BridgeContext;
  readonly policy?: UpgradePolicy;
  /** Whether everything else listens too; what `/readyz` says. */
  readonly isReady?: () => boolean;
  readonly heartbeatMs?: number;
}

/** JSON-RPC 2.0 over WebSocket at `/rpc`, and the health probes, on one unix socket. */
export class RpcServer {
  private readonly http: Server;
  private readonly sockets: WebSocketServer;
  private readonly dispatcher: Dispatcher;
  private readonly feed: EventFeed;
  private readonly open = new Set<RpcConnection>();
  private heartbeat: NodeJS.Timeout | undefined;
  private closing = false;

  constructor(private readonly options: RpcServerOptions) {
    const { context } = options;
    this.dispatcher = new Dispatcher(context, methods(context));
    this.feed = new EventFeed(context.engine, context.sessions);
    this.sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false
    });
    this.http = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
      const reason = this.refused(request);
      if (reason !== undefined) {
        response.writeHead(403, { 'Content-Type': 'text/plain', Connection: 'close' }).end(`${reason}\n`);
        return;
      }
      const { failed } = context.engine.status();
      const isReady = !this.closing && (options.isReady?.() ?? true);
      answerHealth(request, response, { ready: isReady, ...(failed === undefined ? {} : { failed }) });
    });
    this.http.headersTimeout = 10_000;
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  /** Connections at the moment. */
  get connections(): number {
    return this.open.size;
  }

  /** Listens on a unix socket that only its owner can use. */
  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen({ path }, () => {
        this.http.off('error', reject);
        resolve();
      });
    });
    chmodSync(path, 0o600);
    const period = this.options.heartbeatMs ?? HEARTBEAT_MS;
    this.heartbeat = setInterval(() => this.open.forEach(connection => connection.beat()), period).unref();
  }

  /** Takes no more connections, ends those that are open, and removes the socket. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.heartbeat);
    this.feed.dispose();
    this.open.forEach(connection => connection.close(CLOSE_CODES.GOING_AWAY, 'the bridge is ending'));
    this.http.closeIdleConnections();
    await new Promise<void>(resolve => this.http.close(() => resolve()));
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if ((request.url ?? '').split('?')[0] !== RPC_PATH) {
      return reject(socket, '404 Not Found', `the control plane is at ${RPC_PATH}`);
    }
    const reason = this.refused(request);
    if (reason !== undefined) {
      this.options.context.logger.warn('a connection was refused', { reason });
      return reject(socket, '403 Forbidden', reason);
    }
    if (this.closing || this.open.size >= CONNECTIONS_MAX) {
      return reject(
        socket,
        '503 Service Unavailable',
        this.closing ? 'the bridge is ending' : 'too many connections'
      );
    }
    this.sockets.handleUpgrade(request, socket, head, client => {
      const connection = new RpcConnection(client, this.dispatcher, this.options.context, this.feed);
      this.open.add(connection);
      client.on('close', () => this.open.delete(connection));
    });
  }

  private refused(request: IncomingMessage): string | undefined {
    return refusal(request.headers, this.options.policy ?? { origins: [], hosts: [] });
  }
}

function reject(socket: Duplex, status: string, reason: string): void {
  const body = `${reason}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}
