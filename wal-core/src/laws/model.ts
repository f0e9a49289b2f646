import { deserialize } from 'bson';
import fc from 'fast-check';
import type { Commit, DocumentDiff, Snapshot } from '../api';
import { numbersFrom } from './chance';
import { holdState } from './hold';
import { ADA, image, keyOf, type Plain, scanAll, SHOP, type World } from './world';

/** A state as plain as can be: names of collections, and `collection/docKey` → image, both as text. */
interface State {
  readonly collections: ReadonlySet<string>;
  readonly documents: ReadonlyMap<string, string>;
}

const NOTHING: State = { collections: new Set(), documents: new Map() };

/** A line of states: what a branch is, without any sharing. */
class Line {
  private readonly states: { lsn: number; state: State }[];
  /** Atomic groups of more than one record: LSNs between `first` and `last` mean the state before `first`. */
  private readonly groups: { first: number; last: number }[];

  constructor(
    parent?: Line,
    private readonly forkLsn = 0
  ) {
    this.states = parent?.states.filter(({ lsn }) => lsn <= forkLsn) ?? [];
    this.groups = parent?.groups.filter(({ last }) => last <= forkLsn) ?? [];
  }

  /** The newest LSN of the line, or where it was forked. */
  get head(): number {
    return Math.max(this.states.at(-1)?.lsn ?? 0, this.forkLsn);
  }

  get newest(): State {
    return this.states.at(-1)?.state ?? NOTHING;
  }

  /** LSN and state that an LSN means. */
  at(lsn: number): { lsn: number; state: State } {
    const group = this.groups.find(({ first, last }) => first <= lsn && lsn < last);
    const meant = group === undefined ? lsn : group.first - 1;
    return { lsn: meant, state: this.states.findLast(entry => entry.lsn <= meant)?.state ?? NOTHING };
  }

  add(lsn: number, state: State): void {
    this.states.push({ lsn, state });
  }

  group(first: number, last: number): void {
    if (last > first) {
      this.groups.push({ first, last });
    }
  }
}

/** One change inside a write. */
interface Change {
  readonly id: number;
  /** Undefined removes the document. */
  readonly value: number | undefined;
}

interface WriteCommand {
  readonly do: 'write';
  readonly on: number;
  readonly collection: string;
  readonly changes: readonly Change[];
  readonly atomic: boolean;
  /** Reads must be right while the state on disk does not have the write yet. */
  readonly held: boolean;
}

export type ModelCommand =
  | WriteCommand
  | { readonly do: 'crowd'; readonly writes: readonly WriteCommand[] }
  | { readonly do: 'branch' | 'reset'; readonly on: number; readonly at: number }
  | { readonly do: 'delete' | 'rename' | 'undo' | 'reopen'; readonly on: number }
  | { readonly do: 'drop'; readonly on: number; readonly collection: string }
  | { readonly do: 'merge'; readonly on: number; readonly from: number; readonly answers: number };

const on = fc.nat(7);
const collection = fc.constantFrom('items', 'items', 'orders');
const write: fc.Arbitrary<WriteCommand> = fc.record({
  do: fc.constant('write' as const),
  on,
  collection,
  changes: fc.array(fc.record({ id: fc.nat(9), value: fc.option(fc.nat(99), { nil: undefined, freq: 4 }) }), {
    minLength: 1,
    maxLength: 5
  }),
  atomic: fc.boolean(),
  held: fc.boolean()
});

/** Any command, writes most of all. */
export const modelCommand: fc.Arbitrary<ModelCommand> = fc.oneof(
  { weight: 10, arbitrary: write },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crowd' as const),
      writes: fc.array(write, { minLength: 2, maxLength: 5 })
    })
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('branch' as const), on, at: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reset' as const), on, at: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'rename' as const), on }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('undo' as const), on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), on, collection }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('merge' as const), on, from: on, answers: fc.nat() })
  }
);

function writeOn(branch: number, changes: readonly Change[], collection = 'items'): WriteCommand {
  return { do: 'write', on: branch, collection, changes, atomic: false, held: false };
}

/** A short story in which every kind of command has something to do. */
export const EVERY_COMMAND: readonly ModelCommand[] = [
  writeOn(0, [{ id: 1, value: 1 }]),
  { do: 'branch', on: 0, at: 99 },
  { do: 'crowd', writes: [writeOn(1, [{ id: 2, value: 2 }]), writeOn(0, [{ id: 1, value: 3 }])] },
  { do: 'merge', on: 0, from: 1, answers: 1 },
  writeOn(0, [{ id: 3, value: 3 }]),
  { do: 'undo', on: 0 },
  writeOn(0, [{ id: 4, value: 4 }], 'orders'),
  { do: 'drop', on: 0, collection: 'orders' },
  { do: 'reset', on: 0, at: 50 },
  { do: 'rename', on: 1 },
  { do: 'delete', on: 1 },
  { do: 'reopen', on: 0 }
];

/** A state that was read once and must read the same for ever. */
interface Witness {
  readonly timeline: Snapshot['timeline'];
  readonly lsn: Snapshot['lsn'];
  readonly state: State;
}

const KEYS = Array.from({ length: 11 }, (_, id) => keyOf(id));
const BRANCHES_MAX = 7;
const WITNESSES_MAX = 40;

/** The engine and a model of plain maps side by side: each command runs on both. */
export class ModelRun {
  private head = 0;
  private serial = 0;
  private readonly lines = new Map<string, Line>([['main', new Line()]]);
  /** The newest commit of each branch, when an undo of it is known to be exact. */
  private readonly lastCommit = new Map<string, { first: number; last: number; before: State }>();
  private readonly digests = new Map<string, string>();
  private readonly contents = new Map<string, string>();
  private readonly witnesses: Witness[] = [];
  private readonly below: (n: number) => number;
  /** States compared so far. */
  compared = 0;
  readonly done: Record<string, number> = {};

  constructor(
    private readonly world: World,
    seed: number
  ) {
    this.below = numbersFrom(seed);
  }

  async obey(command: ModelCommand): Promise<void> {
    if (await this.run(command)) {
      this.done[command.do] = (this.done[command.do] ?? 0) + 1;
    }
    for (let i = 0; i < 2; i++) {
      await this.check(this.pick([...this.lines.keys()]), this.below(this.head + 1));
    }
    // The branch that was written to is most often the newest name or the first.
    for (const name of new Set(['main', this.pick([...this.lines.keys()]), [...this.lines.keys()].at(-1)!])) {
      await this.checkHead(name);
    }
    await this.checkWitness();
  }

  private run(command: ModelCommand): Promise<boolean> {
    switch (command.do) {
      case 'write':
        return this.write(command);
      case 'crowd':
        return this.crowd(command.writes);
      case 'branch':
        return this.fork(this.name(command.on), command.at);
      case 'reset':
        return this.reset(this.name(command.on), command.at);
      case 'delete':
        return this.remove(this.name(command.on));
      case 'rename':
        return this.rename(this.name(command.on));
      case 'undo':
        return this.undo(this.name(command.on));
      case 'drop':
        return this.drop(this.name(command.on), command.collection);
      case 'merge':
        return this.merge(this.name(command.on), this.name(command.from), command.answers);
      case 'reopen':
        return this.world.reopen().then(() => true);
    }
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  private name(number: number): string {
    const names = [...this.lines.keys()];
    return names[number % names.length]!;
  }

  private line(name: string): Line {
    return this.lines.get(name)!;
  }

  /** What a write does to a state, record by record. */
  private records({ collection, changes }: WriteCommand, before: State, stamp: number): State[] {
    const states: State[] = [];
    let { collections, documents } = before;
    if (!collections.has(collection)) {
      collections = new Set([...collections, collection]);
      states.push({ collections, documents });
    }
    for (const { id, value } of changes) {
      const key = `${collection}/${keyOf(id).toString('hex')}`;
      if (value === undefined && !documents.has(key)) {
        continue;
      }
      const next = new Map(documents);
      if (value === undefined) {
        next.delete(key);
      } else {
        next.set(key, image(this.document(id, value, stamp)).toString('hex'));
      }
      documents = next;
      states.push({ collections, documents });
    }
    return states;
  }

  private document(id: number, value: number, stamp: number): Plain {
    // Some are too long for the state and stay in the log.
    return { _id: id, value, stamp, ...(value % 7 === 0 ? { long: 'x'.repeat(1200) } : {}) };
  }

  private send(name: string, command: WriteCommand, stamp: number): Promise<Commit | undefined> {
    const { collection, changes, atomic } = command;
    return this.world.engine
      .write(
        SHOP,
        name,
        ADA,
        writer => {
          const target = writer.ensureCollection(collection);
          for (const { id, value } of changes) {
            if (value === undefined) {
              writer.remove(target, keyOf(id));
            } else if (writer.get(target, keyOf(id)) === undefined) {
              writer.insert(target, image(this.document(id, value, stamp)));
            } else {
              writer.replace(target, keyOf(id), image(this.document(id, value, stamp)));
            }
          }
        },
        { atomic }
      )
      .then(({ commit }) => commit);
  }

  /** Takes a write into the model; answers the LSNs it must have. */
  private expectWrite(name: string, command: WriteCommand, stamp: number): [number, number] | undefined {
    const line = this.line(name);
    const before = line.newest;
    const states = this.records(command, before, stamp);
    if (states.length === 0) {
      return undefined;
    }
    const first = this.head + 1;
    for (const state of states) {
      line.add(++this.head, state);
    }
    if (command.atomic) {
      line.group(first, this.head);
    }
    this.lastCommit.set(name, { first, last: this.head, before });
    return [first, this.head];
  }

  private async write(command: WriteCommand): Promise<boolean> {
    const name = this.name(command.on);
    const stamp = this.serial++;
    const expected = this.expectWrite(name, command, stamp);
    const hold = command.held ? holdState() : undefined;
    const commit = await this.send(name, command, stamp);
    expect(commit === undefined ? undefined : [commit.firstLsn, commit.lastLsn]).toEqual(expected);
    for (let i = 0; hold !== undefined && i < 4; i++) {
      this.checkGets(this.world.view(`${name}@${Math.max(0, this.head - i)}`), name, this.head - i);
    }
    hold?.release();
    return expected !== undefined;
  }

  /** Writers that do not wait for each other: LSNs go by the order in which they came. */
  private async crowd(writes: readonly WriteCommand[]): Promise<boolean> {
    const expected = writes.map(command => {
      const name = this.name(command.on);
      const stamp = this.serial++;
      return { lsns: this.expectWrite(name, command, stamp), commit: this.send(name, command, stamp) };
    });
    for (const { lsns, commit } of expected) {
      const made = await commit;
      expect(made === undefined ? undefined : [made.firstLsn, made.lastLsn]).toEqual(lsns);
    }
    return true;
  }

  private async fork(name: string, percent: number): Promise<boolean> {
    if (this.lines.size >= BRANCHES_MAX) {
      return false;
    }
    const lsn = Math.floor((this.head * percent) / 99);
    const child = `b-${this.serial++}`;
    await this.world.engine.createBranch(SHOP, child, ADA, { from: `${name}@${lsn}` });
    this.lines.set(child, new Line(this.line(name), this.line(name).at(lsn).lsn));
    return true;
  }

  private async reset(name: string, percent: number): Promise<boolean> {
    const line = this.line(name);
    const lsn = Math.floor((line.head * percent) / 100);
    if (lsn >= line.head || this.lines.size >= BRANCHES_MAX) {
      return false;
    }
    const { backup, branch } = await this.world.engine.resetBranch(SHOP, name, `${name}@${lsn}`, ADA);
    expect(branch.name).toBe(name);
    this.lines.set(backup, line);
    this.lines.set(name, new Line(line, line.at(lsn).lsn));
    this.lastCommit.delete(name);
    return true;
  }

  private async remove(name: string): Promise<boolean> {
    if (name === 'main') {
      return false;
    }
    await this.world.engine.deleteBranch(SHOP, name, ADA);
    this.lines.delete(name);
    this.lastCommit.delete(name);
    return true;
  }

  private async rename(name: string): Promise<boolean> {
    if (name === 'main') {
      return false;
    }
    const to = `r-${this.serial++}`;
    await this.world.engine.renameBranch(SHOP, name, to, ADA);
    this.lines.set(to, this.line(name));
    this.lines.delete(name);
    this.lastCommit.delete(name);
    return true;
  }

  private async drop(name: string, collection: string): Promise<boolean> {
    const line = this.line(name);
    const before = line.newest;
    const dropped = await this.world.engine.dropCollection(SHOP, name, collection, ADA);
    expect(dropped).toBe(before.collections.has(collection));
    if (dropped) {
      const documents = new Map([...before.documents].filter(([key]) => !key.startsWith(`${collection}/`)));
      const first = this.head + 1;
      this.head += before.documents.size - documents.size + 1;
      const collections = new Set([...before.collections].filter(other => other !== collection));
      line.add(this.head, { collections, documents });
      line.group(first, this.head);
      this.lastCommit.set(name, { first, last: this.head, before });
    }
    return dropped;
  }

  /** Undo of the newest commit of a branch: exactly the state before it. */
  private async undo(name: string): Promise<boolean> {
    const last = this.lastCommit.get(name);
    if (last === undefined) {
      return false;
    }
    const { engine } = this.world;
    const range = { first: last.first as never, last: last.last as never };
    const plan = await engine.planUndo(SHOP, name, { range }, ADA);
    expect(plan).toMatchObject({ conflicts: 0, state: 'open' });
    const applied = await engine.applyPlan(SHOP, plan.id, ADA);
    this.take(name, applied.appliedAs, last.before);
    return true;
  }

  /** Merges with random answers. What the preview shows is what must come. */
  private async merge(into: string, from: string, answers: number): Promise<boolean> {
    const { engine } = this.world;
    if (into === from) {
      return false;
    }
    const plan = await engine.planMerge(SHOP, from, into, ADA).catch(error => {
      expect(error).toMatchObject({ code: 'NOTHING_TO_DO' });
      return undefined;
    });
    if (plan === undefined) {
      return false;
    }
    const choose = numbersFrom(answers);
    const conflicts = await engine.planConflicts(SHOP, plan.id, { limit: 10_000 });
    expect(conflicts.length).toBe(plan.conflicts);
    if (conflicts.length > 0) {
      await expect(engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({ code: 'PLAN_UNANSWERED' });
    }
    await engine.answerPlan(
      SHOP,
      plan.id,
      conflicts.map(({ id }) => ({
        conflict: id,
        answer: { take: (['ours', 'theirs', 'base'] as const)[choose(3)]! }
      }))
    );
    const preview = await engine.planDocuments(SHOP, plan.id, { limit: 10_000 });
    const applied = await engine.applyPlan(SHOP, plan.id, ADA);
    this.take(into, applied.appliedAs, applyDocuments(this.line(into).newest, preview));
    return true;
  }

  /** Takes an atomic commit into the model, of which only the end is known. */
  private take(name: string, lsns: { firstLsn: number; lastLsn: number } | undefined, state: State): void {
    if (lsns === undefined) {
      expect(state).toEqual(this.line(name).newest);
      return;
    }
    expect(lsns.firstLsn).toBe(this.head + 1);
    const before = this.line(name).newest;
    this.head = lsns.lastLsn;
    this.line(name).add(this.head, state);
    this.line(name).group(lsns.firstLsn, lsns.lastLsn);
    this.lastCommit.set(name, { first: lsns.firstLsn, last: lsns.lastLsn, before });
  }

  /** Compares a state in every way it can be read. */
  private async check(name: string, lsn: number): Promise<void> {
    const view = this.world.view(`${name}@${lsn}`);
    const expected = this.line(name).at(lsn);
    expect({ ref: view.ref, snapped: view.snappedFrom, writable: view.writable }).toEqual({
      ref: `${name}@${expected.lsn}`,
      snapped: expected.lsn === lsn ? undefined : lsn,
      writable: false
    });
    this.checkGets(view, name, lsn);
    await this.checkState(view, expected.state);
    if (this.witnesses.length < WITNESSES_MAX || this.below(10) === 0) {
      const { timeline, lsn: at } = view;
      this.witnesses[this.below(WITNESSES_MAX)] = { timeline, lsn: at, state: expected.state };
    }
  }

  private async checkHead(name: string): Promise<void> {
    const view = this.world.view(name);
    expect(view.lsn).toBe(this.line(name).head);
    expect(view.writable).toBe(true);
    expect(this.world.engine.project(SHOP).head).toBe(this.head);
    await this.checkState(view, this.line(name).newest);
  }

  /** A state read long ago, perhaps of a branch that was reset, renamed or deleted since. */
  private async checkWitness(): Promise<void> {
    const witness = this.pick(this.witnesses.filter(each => each !== undefined));
    if (witness !== undefined) {
      await this.checkState(this.world.engine.snapshot(SHOP, witness.timeline, witness.lsn), witness.state);
    }
  }

  private checkGets(view: Snapshot, name: string, lsn: number): void {
    const { state } = this.line(name).at(Math.max(0, lsn));
    for (const collection of view.collections()) {
      for (let id = 0; id < 11; id++) {
        const key = KEYS[id]!;
        const found = view.get(collection, key)?.toString('hex');
        // Cheaper than `expect`, which is called only for its message.
        if (found !== state.documents.get(`${collection.name}/${key.toString('hex')}`)) {
          expect({ ref: view.ref, id, found }).toEqual(
            state.documents.get(`${collection.name}/${key.toString('hex')}`)
          );
        }
      }
    }
  }

  private async checkState(view: Snapshot, state: State): Promise<void> {
    this.compared++;
    expect(view.collections().map(collection => collection.name)).toEqual([...state.collections].sort());
    for (const collection of view.collections()) {
      const expected = [...state.documents]
        .filter(([key]) => key.startsWith(`${collection.name}/`))
        .map(([key, hex]): [string, string] => [key.slice(collection.name.length + 1), hex])
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const batch = 1 + this.below(5);
      const reverse = this.below(2) === 0;
      const scanned = await scanAll(view, collection, { batch, reverse });
      const found = scanned.map(([key, bytes]): [string, string] => [key, bytes.toString('hex')]);
      if (JSON.stringify(reverse ? found.reverse() : found) !== JSON.stringify(expected)) {
        expect({ ref: view.ref, found }).toEqual({ ref: view.ref, found: expected });
      }
      expect(await view.count(collection)).toBe(expected.length);
      this.checkDigest(await view.digest(collection), JSON.stringify(expected));
    }
    this.checkDigest(
      await view.stateDigest(),
      JSON.stringify([[...state.collections].sort(), [...state.documents].sort()])
    );
  }

  /** The same content has the same digest, other content another. */
  private checkDigest(digest: string, content: string): void {
    expect(digest).toMatch(/^[0-9a-f]{32}$/);
    expect(this.digests.get(content) ?? digest).toBe(digest);
    expect(this.contents.get(digest) ?? content).toBe(content);
    this.digests.set(content, digest);
    this.contents.set(digest, content);
  }
}

/** A state with the documents of a plan put into it, collections included. */
function applyDocuments(before: State, changes: readonly DocumentDiff[]): State {
  const collections = new Set(before.collections);
  const documents = new Map(before.documents);
  for (const { collection, key, before: old, after } of changes) {
    if (collection === '(catalog)') {
      const name = (bytes: Buffer) => deserialize(bytes)['name'] as string;
      if (old !== undefined) {
        collections.delete(name(old));
      }
      if (after !== undefined) {
        collections.add(name(after));
      }
    } else if (after === undefined) {
      documents.delete(`${collection}/${key.toString('hex')}`);
    } else {
      documents.set(`${collection}/${key.toString('hex')}`, after.toString('hex'));
    }
  }
  return { collections, documents };
}
