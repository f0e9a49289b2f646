import { isDeepStrictEqual } from 'node:util';
import type { Engine } from '@argon/wal-core';
import type { Sessions } from '../session/sessions';
import { presentEvent } from './present';
import type { CommitEvent, ProtocolEvent } from './protocol';

/** Events that wait for a subscriber that reads too slowly, after folding; one more and the connection is closed. */
export const EVENTS_WAITING_MAX = 1_000;
/** Events sent in a window of `WINDOW_MS` before runs of writes wait for its end, to be folded. */
export const EVENTS_PER_WINDOW_MAX = 64;
export const WINDOW_MS = 50;

/** Everything that happens, as the protocol tells it, in order. */
export class EventFeed {
  private readonly listeners = new Set<(event: ProtocolEvent) => void>();
  private readonly stops: readonly (() => void)[];

  constructor(engine: Engine, sessions: Sessions) {
    this.stops = [
      engine.subscribe(event => this.listeners.size > 0 && this.tell(presentEvent(event))),
      sessions.subscribe(news => this.tell(news))
    ];
  }

  subscribe(listener: (event: ProtocolEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  dispose(): void {
    this.stops.forEach(stop => stop());
    this.listeners.clear();
  }

  private tell(event: ProtocolEvent): void {
    for (const listener of this.listeners) {
      listener(event);
    }
  }
}

/** Where the events of one subscriber go. */
export interface EventSink {
  send(event: ProtocolEvent): void;
  /** Bytes that the subscriber has not read yet are too many to send more now. */
  isFull(): boolean;
  /** The subscriber does not keep up, and is told so. */
  overflow(): void;
}

/**
 * The events of one connection. A quiet stream is told event by event and at once; in a burst, runs of
 * writes are folded, so that neither the subscriber nor this process is swamped. Memory is bounded:
 * a subscriber that falls too far behind loses its connection and catches up by `log`.
 */
export class EventStream {
  private readonly projects = new Map<string, string | undefined>();
  private waiting: ProtocolEvent[] = [];
  private timer: NodeJS.Timeout | undefined;
  private windowStart = 0;
  private sentInWindow = 0;
  private last = 0;
  private closed = false;

  constructor(
    private readonly sink: EventSink,
    private readonly clock: () => number = () => performance.now()
  ) {}

  get size(): number {
    return this.projects.size;
  }

  add(project: string | undefined): string {
    const subscription = `s${++this.last}`;
    this.projects.set(subscription, project);
    return subscription;
  }

  remove(subscription: string): boolean {
    return this.projects.delete(subscription);
  }

  push(event: ProtocolEvent): void {
    if (this.closed || !this.wants(event)) {
      return;
    }
    const last = this.waiting.at(-1);
    const folded = last && fold(last, event);
    if (folded) {
      this.waiting[this.waiting.length - 1] = folded;
    } else {
      this.waiting.push(event);
    }
    if (this.waiting.length > EVENTS_WAITING_MAX) {
      this.close();
      this.sink.overflow();
      return;
    }
    this.flush();
  }

  close(): void {
    this.closed = true;
    this.waiting = [];
    clearTimeout(this.timer);
  }

  /** Sends what may be sent now, and comes back for the rest. */
  private flush(): void {
    const now = this.clock();
    if (now - this.windowStart >= WINDOW_MS) {
      this.windowStart = now;
      this.sentInWindow = 0;
    }
    let sent = 0;
    for (const event of this.waiting) {
      // Only the newest run of writes can still grow.
      const mayGrow = sent === this.waiting.length - 1 && isWrites(event);
      if (this.sink.isFull() || (mayGrow && this.sentInWindow >= EVENTS_PER_WINDOW_MAX)) {
        break;
      }
      this.sink.send(event);
      this.sentInWindow++;
      sent++;
    }
    this.waiting.splice(0, sent);
    if (this.waiting.length > 0 && this.timer === undefined) {
      this.timer = setTimeout(
        () => {
          this.timer = undefined;
          this.flush();
        },
        Math.max(1, this.windowStart + WINDOW_MS - now)
      );
      this.timer.unref();
    }
  }

  private wants(event: ProtocolEvent): boolean {
    const project = 'project' in event ? event.project : undefined;
    for (const wanted of this.projects.values()) {
      if (wanted === undefined || project === undefined || wanted === project) {
        return true;
      }
    }
    return false;
  }
}

function isWrites(event: ProtocolEvent): boolean {
  return event.type === 'commit' && event.entry.kind === 'writes';
}

/** One event that tells both, when both are plain writes next to each other on one timeline from one cell. */
export function fold(a: ProtocolEvent, b: ProtocolEvent): CommitEvent | undefined {
  if (a.type !== 'commit' || b.type !== 'commit' || a.project !== b.project || a.branch !== b.branch) {
    return undefined;
  }
  const [first, second] = [a.entry, b.entry];
  if (
    first.kind !== 'writes' ||
    second.kind !== 'writes' ||
    first.timeline !== second.timeline ||
    second.firstLsn !== first.lastLsn + 1 ||
    !isDeepStrictEqual(first.origin, second.origin)
  ) {
    return undefined;
  }
  return {
    ...b,
    entry: {
      ...second,
      firstLsn: first.firstLsn,
      firstAt: first.firstAt,
      inserts: first.inserts + second.inserts,
      updates: first.updates + second.updates,
      deletes: first.deletes + second.deletes,
      collections: [...new Set([...first.collections, ...second.collections])],
      catalog: [...first.catalog, ...second.catalog]
    }
  };
}
