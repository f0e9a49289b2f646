import { ArgonError, isArgonError, type Engine } from '@argon/wal-core';
import { Arguments } from '../wire/arguments';
import { CappedOrders } from '../wire/capped/order';
import { MONGO_CODES } from '../wire/codes';
import type { ReadContext } from '../wire/context';
import { MongoError, toMongoError } from '../wire/errors';
import { Operation, interrupted } from '../wire/operation';
import type { SessionDirectory } from '../session/directory';

/** How long one page may take: less than a client waits for its reply. */
export const PAGE_MS_MAX = 30_000;

/** Raw BSON without a field: a command without options. */
const NO_OPTIONS = Buffer.from([5, 0, 0, 0, 0]);

/** What all reads of a bridge share. */
export interface ReadServices {
  readonly engine: Engine;
  readonly sessions: SessionDirectory;
}

/** Lets clients of the control plane read documents by the data plane's own queries. */
export class Reading {
  private readonly services: ReadContext['services'];

  constructor({ engine, sessions }: ReadServices) {
    this.services = { engine, sessions, capped: new CappedOrders(engine) };
  }

  /**
   * Runs `read`, which ends when the signal aborts or its time is over. It counts as nobody's read: looking at data in
   * a panel makes no cell depend on it.
   * @throws BAD_REQUEST for a query that MongoDB refuses, LIMIT_EXCEEDED when it takes too long or too much, CANCELLED
   */
  async run<T>(
    what: string,
    signal: AbortSignal,
    read: (context: ReadContext) => Promise<T>,
    limitMs = PAGE_MS_MAX
  ): Promise<T> {
    const operation = new Operation(0, NOBODY, 'find', what);
    const stop = (): void => operation.stop(interrupted());
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) {
      stop();
    }
    operation.limit(limitMs);
    try {
      operation.check();
      return await read({
        services: this.services,
        args: new Arguments(NO_OPTIONS, 'find'),
        operation,
        place: undefined
      });
    } catch (error) {
      throw asArgon(operation.explain(error), what, limitMs);
    } finally {
      signal.removeEventListener('abort', stop);
      operation.finish();
    }
  }
}

const NOBODY: Operation['sender'] = {
  id: 0,
  appName: undefined,
  metadata: undefined,
  remoteAddress: '',
  signIn: { user: undefined }
};

/** What a MongoDB client would be told, as the control plane tells it. */
function asArgon(error: unknown, what: string, limitMs: number): unknown {
  if (error instanceof ArgonError && typeof error.data['mongoCode'] !== 'number') {
    return error;
  }
  if (!(error instanceof MongoError) && !isArgonError(error)) {
    return error;
  }
  const { code, message } = toMongoError(error);
  const data = { mongoCode: code };
  switch (code) {
    case MONGO_CODES.Interrupted:
      return new ArgonError('CANCELLED', `The read of ${what} was stopped.`, { data, cause: error });
    case MONGO_CODES.MaxTimeMSExpired:
      return new ArgonError(
        'LIMIT_EXCEEDED',
        `The read of ${what} took longer than ${limitMs / 1000} s and was stopped. Narrow the filter, or create an ` +
          'index for it.',
        { data, cause: error }
      );
    case MONGO_CODES.QueryExceededMemoryLimitNoDiskUseAllowed:
      return new ArgonError('LIMIT_EXCEEDED', message, { data, cause: error });
    default:
      return new ArgonError('BAD_REQUEST', message, { data, cause: error });
  }
}
