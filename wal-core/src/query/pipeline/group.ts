import { encodeKey } from '../../bson/keystring';
import { documentOf, elements, type RawElement, type RawValue } from '../../bson/raw';
import { T } from '../../bson/types';
import { Pace } from '../../log/pace';
import type { TallyShare } from '../api';
import { queryError } from '../error';
import { compileExpression, setRoot, type Expression, type Frame, type Scope } from '../expression';
import { SIMPLE_ORDER, type ValueOrder } from '../order';
import { copied, kept, NULL } from '../values';
import {
  compileAccumulator,
  type Accumulator,
  type AccumulatorFactory,
  type DocumentFrame
} from './accumulators';
import { Overflow, PARTS, type OverflowLevel } from './overflow';
import {
  BATCH_DOCUMENTS,
  frameOf,
  inSteps,
  Memory,
  type Batch,
  type Stage,
  type StageCompiler
} from './stage';
import { RememberedGroups } from './remembered';
import { Tally } from './tally';

/** The computed fields of a group. */
export interface GroupField {
  readonly name: string;
  readonly make: AccumulatorFactory;
}

/** Compiles `{total: {$sum: "$x"}}`. @throws 40234, 40238, 40235, 40236 */
export function groupField(element: RawElement, scope: Scope, leading = false): GroupField {
  const { name } = element;
  if (name.includes('.')) throw queryError(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith('$')) throw queryError(40236, `The field name '${name}' cannot be an operator name`);
  if (element.type !== T.OBJECT) throw queryError(40234, `The field '${name}' must be an accumulator object`);
  const list = elements(element.bytes);
  if (list.length === 0) throw queryError(40234, `The field '${name}' must be an accumulator object`);
  if (list.length !== 1) throw queryError(40238, `The field '${name}' must specify one accumulator`);
  return { name, make: compileAccumulator(list[0]!, scope, leading) };
}

/** One group as it fills up. */
export interface Group {
  readonly id: RawValue;
  readonly states: readonly Accumulator[];
  /** Bytes that it takes without its states. */
  readonly base: number;
  /** Bytes that it takes in all, as last counted. */
  bytes: number;
}

/** Types of which the key of a group is quickly made. */
const QUICK_KEYS: ReadonlySet<number> = new Set([T.STRING, T.INT32, T.DOUBLE, T.NULL]);
/** Bytes that a group takes beside its id and its states, roughly. */
const GROUP_BYTES = 128;
/** Groups up to which those of several threads are put together. */
const SHARED_GROUPS_MAX = 1024;

/**
 * Groups that fill up as documents come by. Once memory is full, no further group is begun; and when those that are
 * there outgrow it, half of their parts goes to disk, as often as it takes. What comes later of a group on disk follows
 * it there.
 */
export class Groups {
  private readonly groups = new Map<string, Group>();
  private readonly remembered = new RememberedGroups();
  private used = 0;
  /** Groups of these parts are in memory. */
  private partsHere = PARTS;
  private isClosed = false;

  constructor(
    private readonly id: Expression,
    private readonly fields: readonly GroupField[],
    private readonly memory: Memory,
    private readonly order: ValueOrder,
    /** Takes what finds no room. */
    private readonly overflow: OverflowLevel | undefined
  ) {}

  add(frame: Frame, doc: Buffer): void {
    const id = this.id.evaluate(frame) ?? NULL;
    const isSlow = !QUICK_KEYS.has(id.type);
    const known = isSlow ? this.remembered.find(id.type, id.bytes, 0, id.bytes.length) : undefined;
    const group = known ?? this.find(id, frame, doc);
    if (group === undefined) return;
    if (isSlow && known === undefined) this.remembered.note(kept(id), group);
    const { states } = group;
    for (let i = 0; i < states.length; i++) states[i]!.add(frame);
    this.count(group);
  }

  /** The group of a document; undefined when it has gone to disk. */
  private find(id: RawValue, frame: Frame, doc: Buffer): Group | undefined {
    const key = this.keyOf(id);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    if (!this.mustGoToDisk(this.bytesOf(key, id))) return this.begin(key, kept(id), () => frame);
    this.overflow!.addDocument(key, doc);
    return undefined;
  }

  /** Goes on with a group that another had put on disk. */
  resume(saved: Buffer): void {
    const [id, ...states] = elements(saved);
    const key = this.keyOf(id!);
    if (this.mustGoToDisk(this.bytesOf(key, id!) + saved.length)) {
      this.overflow!.addBegun(key, saved);
      return;
    }
    const resumed = this.fields.map(({ make }, i) => make.resume(states[i]!));
    this.count(this.hold(key, kept(id!), resumed));
  }

  /** Whether a group that is not here has no room. */
  private mustGoToDisk(bytes: number): boolean {
    if (this.overflow === undefined) return false;
    this.isClosed ||= this.groups.size > 0 && this.memory.exceeds(this.used + bytes);
    return this.isClosed;
  }

  /** Counts what a group holds. */
  private count(group: Group): void {
    const { states } = group;
    let bytes = group.base;
    for (let i = 0; i < states.length; i++) bytes += states[i]!.bytes;
    if (bytes === group.bytes) return;
    this.used += bytes - group.bytes;
    group.bytes = bytes;
    this.checkRoom();
  }

  /** @throws 292 without leave to use the disk, 146 when it is one group alone that is too large */
  private checkRoom(): void {
    if (this.overflow === undefined) {
      this.memory.hold(this.used);
      return;
    }
    while (this.memory.exceeds(this.used) && this.groups.size > 1) this.makeRoom(this.overflow);
    if (this.memory.exceeds(this.used)) {
      throw queryError(146, '$group: the values gathered for one group are too large to keep in memory');
    }
  }

  /** Puts the upper half of the parts on disk. */
  private makeRoom(overflow: OverflowLevel): void {
    this.isClosed = true;
    this.partsHere >>= 1;
    this.remembered.clear();
    for (const [key, { id, states, bytes }] of this.groups) {
      if (overflow.partOf(key) < this.partsHere) continue;
      overflow.addBegun(
        key,
        documentOf([id, ...states.map(state => state.save())].map((value, i) => ({ ...value, name: `${i}` })))
      );
      this.groups.delete(key);
      this.used -= bytes;
    }
  }

  /** The group of an id, whose bytes may be gone later. Never goes to disk. */
  of(id: RawValue, frame: DocumentFrame): Group {
    const key = this.keyOf(id);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const group = this.begin(key, copied(id), frame);
    this.count(group);
    return group;
  }

  /** Whether what is here may go together with what others gathered. */
  get areShareable(): boolean {
    if (this.groups.size > SHARED_GROUPS_MAX) return false;
    for (const { states } of this.groups.values())
      for (const { shared } of states) if (shared?.isShareable !== true) return false;
    return true;
  }

  /** All that is here, as plain data. */
  share(): TallyShare {
    return [...this.groups.values()].map(({ id, states }) => ({
      id: { type: id.type, bytes: Uint8Array.from(id.bytes) },
      states: states.map(({ shared }) => shared!.share())
    }));
  }

  /** Takes in what was gathered of later documents. */
  absorb(shares: TallyShare, frame: DocumentFrame): void {
    for (const { id, states } of shares) {
      const group = this.of({ type: id.type, bytes: Buffer.from(id.bytes) }, frame);
      states.forEach((share, i) => group.states[i]!.shared!.absorb(share));
    }
  }

  private keyOf(id: RawValue): string {
    return this.order === SIMPLE_ORDER ? keyText(id) : this.order.keyText(id);
  }

  private bytesOf(key: string, id: RawValue): number {
    return key.length + id.bytes.length + GROUP_BYTES;
  }

  /** A group without documents; it has to be counted when it has its first. */
  private begin(key: string, id: RawValue, frame: DocumentFrame): Group {
    return this.hold(
      key,
      id,
      this.fields.map(({ make }) => make(frame()))
    );
  }

  private hold(key: string, id: RawValue, states: readonly Accumulator[]): Group {
    const group = { id, states, base: this.bytesOf(key, id), bytes: 0 };
    this.groups.set(key, group);
    return group;
  }

  *documents(): Generator<Buffer> {
    for (const { id, states } of this.groups.values()) {
      const parts = [{ name: '_id', type: id.type, bytes: id.bytes }];
      states.forEach((state, i) => {
        const value = state.value() ?? NULL;
        parts.push({ name: this.fields[i]!.name, type: value.type, bytes: value.bytes });
      });
      yield documentOf(parts);
    }
  }
}

/** A string that is the same for values that compare equal; cheap for the usual ones. */
function keyText(value: RawValue): string {
  const { type, bytes } = value;
  if (type === T.STRING && bytes.length < 256) return `s${bytes.toString('latin1', 4, bytes.length - 1)}`;
  if (type === T.INT32) return `n${bytes.readInt32LE(0)}`;
  if (type === T.DOUBLE) {
    const n = bytes.readDoubleLE(0);
    if (Number.isInteger(n) && Math.abs(n) <= 2147483647) return `n${n === 0 ? 0 : n}`;
  }
  if (type === T.INT64 || type === T.DECIMAL128 || type === T.SYMBOL) return otherNumber(value);
  return `k${encodeKey([value]).toString('latin1')}`;
}

function otherNumber(value: RawValue): string {
  const key = encodeKey([value]);
  if (value.type === T.SYMBOL) return `s${value.bytes.toString('latin1', 4, value.bytes.length - 1)}`;
  // class, 8 bytes of an order-preserving double, 0 (or ff) when that is exact
  if (key.length === 10 && (key[9] === 0 || key[9] === 0xff)) {
    const bits = Buffer.from(key.subarray(1, 9));
    if (bits[0]! & 0x80) bits[0] = bits[0]! & 0x7f;
    else for (let i = 0; i < 8; i++) bits[i] = ~bits[i]! & 0xff;
    const n = bits.readDoubleBE(0);
    if (Number.isInteger(n) && Math.abs(n) <= 2147483647) return `n${n === 0 ? 0 : n}`;
  }
  return `k${key.toString('latin1')}`;
}

/** `$group`. */
export const group: StageCompiler = (argument, scope, name, leading): Stage => {
  if (argument.type !== T.OBJECT) throw queryError(15947, "a group's fields must be specified in an object");
  let id: Expression | undefined;
  const fields: GroupField[] = [];
  for (const element of elements(argument.bytes)) {
    if (element.name === '_id') {
      if (id !== undefined) throw queryError(15948, "a group's _id may only be specified once");
      id = compileExpression(element, scope);
    } else if (element.name === '$doingMerge') {
      throw queryError(17030, '$doingMerge should be true if present');
    } else {
      fields.push(groupField(element, scope, leading));
    }
  }
  if (id === undefined) throw queryError(15955, 'a group specification must include an _id');
  const by = id;
  const isFleeting = fields.every(({ make }) => make.isFleeting === true);
  return {
    name,
    ...(isFleeting && {
      tally: run => {
        const frame = frameOf(run);
        const groups = new Groups(by, fields, new Memory(run, '$group'), scope.order, undefined);
        return new Tally(by, groups, frame, () => inBatches(groups.documents()));
      }
    }),
    async *run(source, run) {
      const frame = frameOf(run);
      const memory = new Memory(run, '$group');
      const overflow = run.context.spill === undefined ? undefined : new Overflow(run.context.spill);
      try {
        const groups = new Groups(by, fields, memory, scope.order, overflow?.level(0));
        const add = (batch: Batch): void => {
          for (const doc of batch) groups.add(setRoot(frame, doc), doc);
        };
        for await (const _ of inSteps(source, run, add));
        yield* inBatches(groups.documents());
        const pace = new Pace(run.context.signal);
        for (let part = overflow?.take(); part !== undefined; part = overflow!.take()) {
          const later = new Groups(by, fields, memory, scope.order, overflow!.level(part.level + 1));
          for (const begun of part.begun.documents()) {
            later.resume(begun);
            if (pace.isDue) await pace.rest();
          }
          for (const doc of part.documents.documents()) {
            later.add(setRoot(frame, doc), doc);
            if (pace.isDue) await pace.rest();
          }
          yield* inBatches(later.documents());
        }
      } finally {
        overflow?.close();
      }
    }
  };
};

function* inBatches(docs: Iterable<Buffer>): Generator<Batch> {
  let batch: Buffer[] = [];
  for (const doc of docs) {
    batch.push(doc);
    if (batch.length === BATCH_DOCUMENTS) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
