import { MlflowApiError, MlflowConnectionError } from './errors';

/** How to reach a tracking server. */
export interface MlflowClientOptions {
  /** `http(s)://host[:port][/prefix]`. User information in it is used for basic authentication. */
  readonly trackingUri: string;
  /** Bearer token; takes precedence over user and password. */
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  /** Longest wait for one answer; default 30 s. */
  readonly timeoutMs?: number;
  /** Further tries of calls that may be repeated, after connection errors and 429, 502, 503, 504; default 3. */
  readonly retries?: number;
  /** First pause between tries; doubles each time, with jitter; default 100 ms. */
  readonly backoffMs?: number;
  /** `fetch` to use; default the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/** One call of the API. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/2.0/mlflow/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  readonly signal?: AbortSignal | undefined;
}

const RETRY_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const BACKOFF_MS_MAX = 5_000;

/** HTTP with MLflow's manners: authentication, time-outs, retries of what may be repeated, typed errors. */
export class Transport {
  private readonly base: string;
  private readonly headers: Record<string, string>;
  private readonly timeoutMs: number;
  private readonly retries: number;
  private readonly backoffMs: number;
  private readonly fetch: typeof globalThis.fetch;

  constructor(options: MlflowClientOptions) {
    const uri = new URL(options.trackingUri);
    if (uri.protocol !== 'http:' && uri.protocol !== 'https:') {
      throw new TypeError(`a tracking URI is http or https, not ${uri.protocol}`);
    }
    const username = options.username ?? decodeURIComponent(uri.username);
    const password = options.password ?? decodeURIComponent(uri.password);
    this.base = `${uri.origin}${uri.pathname.replace(/\/+$/, '')}/api/2.0/mlflow/`;
    this.headers = { Accept: 'application/json' };
    if (options.token !== undefined) {
      this.headers['Authorization'] = `Bearer ${options.token}`;
    } else if (username !== '') {
      this.headers['Authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    }
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.retries = options.retries ?? 3;
    this.backoffMs = options.backoffMs ?? 100;
    this.fetch = options.fetch ?? globalThis.fetch;
  }

  /** The decoded answer. @throws MlflowApiError, MlflowConnectionError, the reason of an aborted signal */
  async call<T>(call: Call): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once<T>(call);
      } catch (error) {
        call.signal?.throwIfAborted();
        const passing =
          error instanceof MlflowConnectionError ||
          (error instanceof MlflowApiError && RETRY_STATUS.has(error.status));
        if (!passing || !call.idempotent || attempt >= this.retries) {
          throw error;
        }
        await pause(
          Math.min(this.backoffMs * 2 ** attempt, BACKOFF_MS_MAX) * (0.5 + Math.random() / 2),
          call.signal
        );
      }
    }
  }

  private async once<T>({ method, path, query = {}, body, signal }: Call): Promise<T> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        url.searchParams.set(name, String(value));
      }
    }
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const init: RequestInit = {
      method,
      headers: body === undefined ? this.headers : { ...this.headers, 'Content-Type': 'application/json' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      // A redirect to another host must not carry the credentials along.
      redirect: 'manual'
    };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
    }
    let status: number;
    let text: string;
    try {
      const response = await this.fetch(url, init);
      status = response.status;
      text = await response.text();
    } catch (cause) {
      const what = timeout.aborted ? `did not answer within ${this.timeoutMs} ms` : 'cannot be reached';
      throw new MlflowConnectionError(`The tracking server at ${url.host} ${what}.`, { cause });
    }
    return answer<T>(status, text, `${method} ${path}`);
  }
}

function answer<T>(status: number, text: string, what: string): T {
  let body: unknown;
  try {
    body = text === '' ? {} : JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (status >= 200 && status < 300 && typeof body === 'object' && body !== null) {
    return body as T;
  }
  const { error_code: code, message } = (body ?? {}) as { error_code?: unknown; message?: unknown };
  const told = typeof message === 'string' ? message : `${what} was answered with HTTP status ${status}.`;
  const fallback =
    status === 401 ? 'UNAUTHENTICATED' : status === 403 ? 'PERMISSION_DENIED' : 'INTERNAL_ERROR';
  throw new MlflowApiError(status, typeof code === 'string' ? code : fallback, told);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
