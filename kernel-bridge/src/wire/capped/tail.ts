import type { Filter, Projection } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import type { LiveSource } from '../live-cursor';
import { readPlace } from '../place';

/** Documents in one step. */
const STEP = 512;

/** What a tailable cursor shows. */
export interface TailQuery {
  readonly collection: string;
  readonly filter: Filter;
  readonly projection: Projection | undefined;
  readonly skip: number;
  readonly limit: number;
  /** Whether a getMore at the end waits for what is inserted next (`awaitData`). */
  readonly awaits: boolean;
}

/**
 * The documents of a capped collection in the order of their inserts, and those that are inserted later.
 * A cursor whose last document was pushed out of the cap has lost its place: error 136.
 */
export class CappedTail implements LiveSource {
  isOver = false;
  private last: string | undefined;
  private skipped = 0;
  private given = 0;

  constructor(
    private readonly context: CommandContext,
    private readonly query: TailQuery
  ) {}

  token(): undefined {
    return undefined;
  }

  async poll(waitMs: number, signal: AbortSignal): Promise<readonly Buffer[]> {
    const until = Date.now() + (this.query.awaits ? waitMs : 0);
    for (;;) {
      const written = this.nextCommit(until, signal);
      try {
        const found = await this.read(signal);
        if (found.length > 0 || this.isOver || Date.now() >= until || signal.aborted) {
          return found;
        }
        await written.done;
      } finally {
        written.stop();
      }
    }
  }

  /** Resolves with the next commit, or when the time is up. It listens before the read, so that none is missed. */
  private nextCommit(until: number, signal: AbortSignal): { done: Promise<void>; stop: () => void } {
    let stop = (): void => undefined;
    const done = new Promise<void>(resolve => {
      const unsubscribe = this.context.services.engine.subscribe(() => resolve());
      const timer = setTimeout(resolve, Math.max(0, until - Date.now()));
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      stop = () => {
        unsubscribe();
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
    });
    return { done, stop };
  }

  private async read(signal: AbortSignal): Promise<Buffer[]> {
    const { services } = this.context;
    const snapshot = readPlace(this.context)?.snapshot;
    const info = snapshot?.collection(this.query.collection);
    if (snapshot === undefined || info === undefined) {
      this.isOver = true;
      return [];
    }
    const order = await services.capped.orderOf(snapshot, info, signal);
    if (this.last === undefined && order.size === 0) {
      // As in mongod, a cursor on an empty collection has no place to wait at.
      this.isOver = true;
    }
    const out: Buffer[] = [];
    let isPast = this.last === undefined;
    if (!isPast && !order.has(this.last!)) {
      throw new MongoError(
        'CappedPositionLost',
        'CollectionScan died due to position in capped collection being deleted.'
      );
    }
    for (const [text, { key }] of order) {
      if (!isPast) {
        isPast = text === this.last;
        continue;
      }
      this.last = text;
      const image = snapshot.get(info, key);
      const document = image === undefined ? undefined : this.accept(image);
      if (document !== undefined) {
        out.push(document);
      }
      if (this.isOver || out.length >= STEP) {
        break;
      }
    }
    return out;
  }

  private accept(image: Buffer): Buffer | undefined {
    const { filter, projection, skip, limit } = this.query;
    const { matched, position } = filter.matchWithPosition(image);
    if (!matched) {
      return undefined;
    }
    if (this.skipped < skip) {
      this.skipped++;
      return undefined;
    }
    this.given++;
    this.isOver = this.given >= limit;
    return projection === undefined ? image : projection.apply(image, position);
  }
}
