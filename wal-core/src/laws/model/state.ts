import { deserialize } from 'bson';
import type { CollectionInfo, Snapshot } from '../../api';
import { scanAll } from '../world';

/** A collection as plain as can be. */
export interface Table {
  /** Names of its secondary indexes, sorted. */
  readonly indexes: readonly string[];
  /** docKey → image, both as hex. */
  readonly documents: ReadonlyMap<string, string>;
}

/** A state: its collections by name. Never changed, only replaced. */
export type State = ReadonlyMap<string, Table>;

export const NOTHING: State = new Map();
export const EMPTY_TABLE: Table = { indexes: [], documents: new Map() };

/** The state with one collection put in the place of its old self, or taken out. */
export function withTable(state: State, name: string, table: Table | undefined): State {
  const next = new Map(state);
  if (table === undefined) {
    next.delete(name);
  } else {
    next.set(name, table);
  }
  return next;
}

/** The table with one document put in, or taken out. */
export function withDocument({ indexes, documents }: Table, key: string, hex: string | undefined): Table {
  const next = new Map(documents);
  if (hex === undefined) {
    next.delete(key);
  } else {
    next.set(key, hex);
  }
  return { indexes, documents: next };
}

/** Number of documents and catalog entries: what dropping the collection takes in LSNs. */
export function weightOf({ documents }: Table): number {
  return documents.size + 1;
}

/** A state as text, the same for the same content. */
export function textOf(state: State): string {
  return JSON.stringify(
    [...state]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { indexes, documents }]) => [
        name,
        indexes,
        [...documents].sort(([a], [b]) => (a < b ? -1 : 1))
      ])
  );
}

/** Names of the indexes of a collection, sorted. */
export function indexNames({ indexes }: Pick<CollectionInfo, 'indexes'>): string[] {
  return indexes.map(({ name }) => name).sort();
}

/** What the engine shows, as a state. */
export async function readState(view: Snapshot): Promise<State> {
  const state = new Map<string, Table>();
  for (const collection of view.collections()) {
    const rows = await scanAll(view, collection);
    const documents = new Map(rows.map(([key, bytes]) => [key, bytes.toString('hex')]));
    state.set(collection.name, { indexes: indexNames(collection), documents });
  }
  return state;
}

/** Name and index names in an entry of the catalog, as a plan shows it. */
export function catalogEntry(bytes: Buffer): { name: string; indexes: string[] } {
  const { name, indexes } = deserialize(bytes) as { name: string; indexes: Record<string, unknown> };
  return { name, indexes: Object.keys(indexes).sort() };
}

interface Entry {
  readonly lsn: number;
  readonly state: State;
}

/** An atomic group of more than one record: LSNs from `first` on and before `last` mean the state before `first`. */
interface Group {
  readonly first: number;
  readonly last: number;
  /** The first LSN on this line; those of the group before it are on others. */
  readonly own: number;
}

/** A line of states: what a branch is, without any sharing. */
export class Line {
  private states: Entry[];
  private groups: Group[];
  /** LSNs that can no longer be read, since garbage was collected: exactly these, until the next collection. */
  gone: ReadonlySet<number>;

  constructor(
    parent?: Line,
    readonly forkLsn = 0
  ) {
    this.states = parent?.states.filter(({ lsn }) => lsn <= forkLsn) ?? [];
    this.groups = parent?.groups.filter(({ last }) => last <= forkLsn) ?? [];
    this.gone = new Set([...(parent?.gone ?? [])].filter(lsn => lsn <= forkLsn));
  }

  /** A line of its own with the same past. */
  copy(): Line {
    const copy = new Line(undefined, this.forkLsn);
    copy.states = [...this.states];
    copy.groups = [...this.groups];
    copy.gone = this.gone;
    return copy;
  }

  /** The newest LSN of the line, or where it was forked. */
  get head(): number {
    return Math.max(this.states.at(-1)?.lsn ?? 0, this.forkLsn);
  }

  get newest(): State {
    return this.states.at(-1)?.state ?? NOTHING;
  }

  /** Whether the line has a change in a range of LSNs. */
  has(first: number, last: number): boolean {
    return this.states.some(({ lsn }) => first <= lsn && lsn <= last);
  }

  /** LSN and state that an LSN means. */
  at(lsn: number): Entry {
    const group = this.groups.find(({ first, last }) => first <= lsn && lsn < last);
    const meant = group === undefined || lsn < group.own ? lsn : group.first - 1;
    return { lsn: meant, state: this.states.findLast(entry => entry.lsn <= meant)?.state ?? NOTHING };
  }

  add(lsn: number, state: State): void {
    this.states.push({ lsn, state });
  }

  group(first: number, last: number, own = first): void {
    if (last > first) {
      this.groups.push({ first, last, own });
    }
  }

  /** The last LSN of the group that an LSN lies in; itself outside of any. */
  groupEnd(lsn: number): number {
    return this.groups.find(({ first, last }) => first <= lsn && lsn < last)?.last ?? lsn;
  }

  /** Whether an LSN lies in a group, but before what the group changes on this line: nothing says that it is inside. */
  isBeside(lsn: number): boolean {
    return this.groups.some(({ first, own }) => first <= lsn && lsn < own);
  }

  /** Forgets everything after an LSN: it was never acknowledged, and a crash took it. */
  cut(lsn: number): void {
    this.states = this.states.filter(entry => entry.lsn <= lsn);
    this.groups = this.groups.filter(({ last }) => last <= lsn);
  }
}
