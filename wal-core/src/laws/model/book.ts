import type { Snapshot } from '../../api';
import { Line, type State } from './state';

/** A state that was read once and must read the same for ever, or be said to be gone. */
export interface Witness {
  readonly timeline: Snapshot['timeline'];
  readonly lsn: Snapshot['lsn'];
  readonly time: Snapshot['time'];
  readonly state: State;
}

export interface BookedCommit {
  readonly first: number;
  readonly last: number;
  readonly time: bigint;
}

/** The newest commit of a branch, when an undo of it is known to be exact. */
export interface LastCommit {
  readonly first: number;
  readonly last: number;
  readonly before: State;
}

/** How much history is asked to stay, of a branch or of the project. */
export interface Retention {
  readonly keepLsns?: number;
  readonly keepMs?: number;
}

/** What the model knows of the project, in plain maps. */
export class Book {
  /** The newest LSN of the project. */
  head = 0;
  /** Live branches, in the order in which they were made. */
  lines = new Map<string, Line>([['main', new Line()]]);
  lastCommit = new Map<string, LastCommit>();
  /** Commits by their last LSN, oldest first. */
  commits: BookedCommit[] = [];
  pins = new Map<string, { readonly lsn: number; readonly time: bigint; readonly state: State }>();
  expiries = new Map<string, number>();
  /** Protected branches, and the checks that a plan must have passed there. */
  protections = new Map<string, readonly string[]>();
  /** What is to be kept, by branch; of the project by the empty name. */
  retentions = new Map<string, Retention>();
  /** Remembered replies by owner. */
  retries = new Map<number, { readonly key: string; readonly lastLsn: number }>();
  witnesses: Witness[] = [];
  /** A second project with one branch, which changes only in transactions together with the first. */
  depot = new Line();
  depotCommits: BookedCommit[] = [];

  /** The book as it is now: what comes later is written into one of the two. */
  copy(): Book {
    const copy = new Book();
    copy.head = this.head;
    copy.lines = new Map([...this.lines].map(([name, line]) => [name, line.copy()]));
    copy.lastCommit = new Map(this.lastCommit);
    copy.commits = [...this.commits];
    copy.pins = new Map(this.pins);
    copy.expiries = new Map(this.expiries);
    copy.protections = new Map(this.protections);
    copy.retentions = new Map(this.retentions);
    copy.retries = new Map(this.retries);
    copy.witnesses = [...this.witnesses];
    copy.depot = this.depot.copy();
    copy.depotCommits = [...this.depotCommits];
    return copy;
  }

  line(name: string): Line {
    return this.lines.get(name)!;
  }

  /** The branch that a number in a command means. */
  name(number: number): string {
    const names = [...this.lines.keys()];
    return names[number % names.length]!;
  }

  /** Notes an atomic commit of which only the end is known: the LSNs after the head up to `last`. */
  atomic(name: string, { last, time }: Omit<BookedCommit, 'first'>, state: State): void {
    const before = this.line(name).newest;
    const first = this.head + 1;
    this.head = last;
    this.line(name).add(last, state);
    this.line(name).group(first, last);
    this.lastCommit.set(name, { first, last, before });
    this.commits.push({ first, last, time });
  }

  /** Forgets a branch. */
  forget(name: string): void {
    for (const known of [this.lines, this.lastCommit, this.expiries, this.protections, this.retentions]) {
      known.delete(name);
    }
  }

  /** Gives a branch another name, and all that goes with it. */
  rename(name: string, to: string): void {
    move(this.expiries, name, to);
    move(this.protections, name, to);
    move(this.retentions, name, to);
    move(this.lines, name, to);
    this.forget(name);
  }

  /** A crash took everything after `head`. */
  cut(head: number): void {
    this.head = head;
    for (const line of this.lines.values()) {
      line.cut(head);
    }
    for (const [name, { last }] of this.lastCommit) {
      if (last > head) {
        this.lastCommit.delete(name);
      }
    }
    for (const [owner, { lastLsn }] of this.retries) {
      if (lastLsn > head) {
        this.retries.delete(owner);
      }
    }
    this.commits = this.commits.filter(({ last }) => last <= head);
  }
}

function move<T>(map: Map<string, T>, from: string, to: string): void {
  const value = map.get(from);
  if (value !== undefined) {
    map.set(to, value);
  }
}
