import type { ServerConnection } from '@jupyterlab/services';
import type { Methods, ProtocolEvent } from '../client/protocol';
import type { RpcError } from '../client/rpcError';

/** A WebSocket that a test holds the other end of. */
export class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
    queueMicrotask(() => {
      if (this.server.isRefusing) {
        this.onclose?.({ code: 1006, reason: '' } as CloseEvent);
      } else {
        this.readyState = FakeSocket.OPEN;
        this.onopen?.({} as Event);
      }
    });
  }

  /** Every socket, oldest first. */
  static readonly made: FakeSocket[] = [];
  /** The server that new sockets belong to. */
  static current: FakeServer;

  readonly server = FakeSocket.current;
  readyState: number = FakeSocket.CONNECTING;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  send(text: string): void {
    const { id, method, params } = JSON.parse(text) as { id: number; method: keyof Methods; params: never };
    this.server.calls.push({ method, params });
    queueMicrotask(() => {
      const answer = this.server.answers[method] as ((given: unknown) => unknown) | undefined;
      if (answer === undefined) {
        this.receive({
          id,
          error: { message: `no ${method}`, data: { code: 'METHOD_NOT_FOUND', data: { method } } }
        });
        return;
      }
      const result = answer(params);
      if (!(result instanceof Promise)) {
        this.receive({ id, result });
        return;
      }
      result.then(
        later => this.receive({ id, result: later }),
        (error: RpcError) =>
          this.receive({
            id,
            error: { message: error.message, data: { code: error.code, data: error.data } }
          })
      );
    });
  }

  /** A message of the bridge. */
  receive(message: object): void {
    this.onmessage?.({ data: JSON.stringify({ jsonrpc: '2.0', ...message }) } as MessageEvent);
  }

  close(): void {
    this.readyState = FakeSocket.CLOSED;
  }

  /** The bridge went away. */
  lose(): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose?.({ code: 1001, reason: 'the bridge went away' } as CloseEvent);
  }
}

/** What JupyterLab makes of a call before it fetches. */
class FakeRequest {
  constructor(
    readonly url: string,
    readonly init: RequestInit
  ) {}

  readonly headers = new FakeHeaders();
}

/** Headers that nobody reads. */
class FakeHeaders {
  append(): void {
    return;
  }

  set(): void {
    return;
  }

  get(): null {
    return null;
  }

  has(): boolean {
    return false;
  }
}

/** A Jupyter server with the two addresses of Argon, without a network. */
export class FakeServer {
  constructor() {
    FakeSocket.current = this;
    FakeSocket.made.length = 0;
  }

  /** How `GET argon/bridge` answers. */
  info: Record<string, unknown> = { state: 'running', message: '', log: [] };
  /** Status of the answer; 404 stands for a server without the extension. */
  status = 200;
  isRefusing = false;
  readonly posted: string[] = [];
  /** How often it was asked how the bridge is. */
  asked = 0;
  readonly calls: { readonly method: string; readonly params: unknown }[] = [];
  /** What each method is answered with; a promise is answered when it is settled. */
  answers: Partial<{ [M in keyof Methods]: (params: Methods[M]['params']) => unknown }> = {
    hello: () => ({
      server: { version: '0.1.0', protocol: 1 },
      wire: '',
      dataDirectory: '',
      pid: 1,
      startedAt: '',
      readOnly: false
    }),
    subscribe: () => ({ subscription: 's1' }),
    'project.list': () => [],
    'session.list': () => []
  };

  /** The settings that hand this server to JupyterLab's own code. */
  get settings(): ServerConnection.ISettings {
    const fetch = (input: unknown): Promise<Response> => {
      const { init } = input as FakeRequest;
      if (init.method === 'POST') {
        this.posted.push((JSON.parse(init.body as string) as { action: string }).action);
        this.info = { state: 'running', message: '', log: [] };
      } else {
        this.asked++;
      }
      const { info, status } = this;
      return Promise.resolve({ status, ok: status === 200, json: () => Promise.resolve(info) } as Response);
    };
    return {
      baseUrl: 'http://lab/',
      appUrl: '',
      wsUrl: 'ws://lab/',
      token: 'secret token',
      appendToken: true,
      init: { cache: 'no-store' },
      fetch,
      Request: FakeRequest as unknown as typeof Request,
      Headers: FakeHeaders as unknown as typeof Headers,
      WebSocket: FakeSocket as unknown as typeof WebSocket,
      serializer: {} as never
    };
  }

  /** Tells the page an event. */
  tell(event: ProtocolEvent): void {
    FakeSocket.made.at(-1)!.receive({ method: 'event', params: event });
  }
}

/** Lets everything that waits for a promise go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await Promise.resolve();
  }
}
