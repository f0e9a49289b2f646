import type { CollectionInfo } from '@argon/wal-core';

/** Namespaces whose times are kept, and indexes whose uses are; those not used for longest make room. */
const KEPT_MAX = 10_000;

export const ID_INDEX = '_id_';

/** As `top` sums them up. */
type TopKind = 'queries' | 'getmore' | 'insert' | 'update' | 'remove' | 'commands';
/** As `latencyStats` does. */
type LatencyKind = 'reads' | 'writes' | 'commands' | 'transactions';

const KINDS: Readonly<Record<string, readonly [TopKind, LatencyKind]>> = {
  find: ['queries', 'reads'],
  getMore: ['getmore', 'reads'],
  aggregate: ['commands', 'reads'],
  count: ['commands', 'reads'],
  distinct: ['commands', 'reads'],
  insert: ['insert', 'writes'],
  update: ['update', 'writes'],
  delete: ['remove', 'writes'],
  findAndModify: ['commands', 'writes']
};
const OTHER = ['commands', 'commands'] as const;

/** How often, and how long in all. */
export interface Meter {
  count: number;
  /** Microseconds. */
  time: number;
}

/** Latencies of one kind, and how often each was about so long. */
export interface Latency extends Meter {
  /** Counts by the lower bound of their bucket, in microseconds: powers of two, from 2,048 on with their middles. */
  readonly buckets: Map<number, number>;
}

/** What commands took on one namespace. */
export interface NamespaceTimes {
  readonly total: Meter;
  readonly readLock: Meter;
  readonly writeLock: Meter;
  readonly byKind: Readonly<Record<TopKind, Meter>>;
  readonly latency: Readonly<Record<LatencyKind, Latency>>;
}

/** What clients used, and how long it took, since the server started: `top`, `$collStats`, `$indexStats`. */
export class Usage {
  readonly since = new Date();
  private readonly times = new Recent<NamespaceTimes>(newTimes);
  private readonly uses = new Recent<{ count: number }>(() => ({ count: 0 }));

  /** Notes a command on a namespace, which took so many microseconds. */
  note(namespace: string, command: { readonly name: string; readonly writes?: boolean }, time: number): void {
    const [kind, latency] = KINDS[command.name] ?? OTHER;
    const times = this.times.use(namespace);
    for (const meter of [
      times.total,
      command.writes === true ? times.writeLock : times.readLock,
      times.byKind[kind],
      times.latency[latency]
    ]) {
      meter.count++;
      meter.time += time;
    }
    const { buckets } = times.latency[latency];
    const bound = lowerBound(time);
    buckets.set(bound, (buckets.get(bound) ?? 0) + 1);
  }

  /** Namespaces and what commands took on them. */
  namespaces(): Iterable<readonly [string, NamespaceTimes]> {
    return this.times.all();
  }

  of(namespace: string): NamespaceTimes {
    return this.times.get(namespace) ?? newTimes();
  }

  /** Notes that a query, or so many of them, go through an index, or find documents by `_id`. */
  useIndex(project: string, collection: CollectionInfo, index = ID_INDEX, count = 1): void {
    if (count > 0) {
      this.uses.use(indexKey(project, collection, index)).count += count;
    }
  }

  /** How often queries went through an index, on whatever branch. */
  usesOf(project: string, collection: CollectionInfo, index: string): number {
    return this.uses.get(indexKey(project, collection, index))?.count ?? 0;
  }
}

function indexKey(project: string, { id }: CollectionInfo, index: string): string {
  return `${id} ${project} ${index}`;
}

/** Entries by name; the one not used for longest makes room. */
class Recent<T> {
  private readonly entries = new Map<string, T>();

  constructor(private readonly make: () => T) {}

  use(name: string): T {
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = this.make();
      if (this.entries.size >= KEPT_MAX) {
        this.entries.delete(this.entries.keys().next().value!);
      }
    } else {
      this.entries.delete(name);
    }
    this.entries.set(name, entry);
    return entry;
  }

  get(name: string): T | undefined {
    return this.entries.get(name);
  }

  all(): Iterable<readonly [string, T]> {
    return this.entries;
  }
}

function newTimes(): NamespaceTimes {
  const meter = (): Meter => ({ count: 0, time: 0 });
  const latency = (): Latency => ({ ...meter(), buckets: new Map() });
  return {
    total: meter(),
    readLock: meter(),
    writeLock: meter(),
    byKind: {
      queries: meter(),
      getmore: meter(),
      insert: meter(),
      update: meter(),
      remove: meter(),
      commands: meter()
    },
    latency: { reads: latency(), writes: latency(), commands: latency(), transactions: latency() }
  };
}

function lowerBound(time: number): number {
  if (time < 2) {
    return 0;
  }
  const power = 2 ** Math.floor(Math.log2(time));
  return power >= 2048 && time >= power * 1.5 ? power * 1.5 : power;
}
