import { Cursor, nameBytes, T, valueSize, type RawValue } from '../../bson';

/**
 * A document (or array) that is being changed. It is taken apart only where it is looked
 * at, by offsets, and what was not changed is copied as it stands.
 */
export class MutableValue {
  /** All elements, once there must be more of them, or fewer, or they are an array's. */
  private fields: Field[] | undefined;
  /** Until then those fields of a document that were looked at, each the first of its name. */
  private looked: Field[] = NO_FIELDS;
  /** The bytes that the offsets of `fields` and `looked` belong to. */
  private source: Buffer;
  private changed = false;

  constructor(
    private type_: number,
    private bytes: Buffer,
    private readonly parent: MutableValue | undefined
  ) {
    this.source = bytes;
  }

  /** The root of a document. */
  static of(doc: Buffer): MutableValue {
    return new MutableValue(T.OBJECT, doc, undefined);
  }

  get type(): number {
    return this.type_;
  }

  get isObject(): boolean {
    return this.type_ === T.OBJECT;
  }

  get isArray(): boolean {
    return this.type_ === T.ARRAY;
  }

  /** Number of elements of an array or document. */
  get size(): number {
    return this.parse().length;
  }

  /** A field of an object, or the element of an array at a position. */
  child(name: string): MutableValue | undefined {
    if (this.isObject && this.fields === undefined) {
      const field = this.look(name);
      return field === undefined ? undefined : this.valueOf(field);
    }
    const at = this.find(name);
    return at < 0 ? undefined : this.valueOf(this.parse()[at]!);
  }

  items(): MutableValue[] {
    return this.parse().map(field => this.valueOf(field));
  }

  /** The value as it stands now. */
  raw(): RawValue {
    if (this.changed) {
      this.bytes = this.write();
      this.changed = false;
    }
    return { type: this.type_, bytes: this.bytes };
  }

  /** Puts another value in this place. */
  set(value: RawValue): void {
    this.type_ = value.type;
    this.bytes = value.bytes;
    this.fields = undefined;
    this.looked = NO_FIELDS;
    this.changed = false;
    this.parent?.touch();
  }

  /** Adds a field at the end, or sets an array element, filling the gap before it with null. */
  add(name: string, value: RawValue): MutableValue {
    const fields = this.parse();
    if (this.isArray) {
      while (fields.length < arrayIndex(name)!) {
        fields.push(addedField(String(fields.length), new MutableValue(T.NULL, NO_BYTES, this)));
      }
    }
    const child = new MutableValue(value.type, value.bytes, this);
    fields.push(addedField(name, child));
    this.touch();
    return child;
  }

  /** Removes a field; an array element becomes null, so that the others keep their positions. */
  remove(name: string): void {
    if (this.isArray) {
      this.child(name)?.set({ type: T.NULL, bytes: NO_BYTES });
      return;
    }
    const at = this.find(name);
    if (at < 0) return;
    this.parse().splice(at, 1);
    this.touch();
  }

  private find(name: string): number {
    if (this.isArray) {
      const index = arrayIndex(name);
      return index !== undefined && index < this.parse().length ? index : -1;
    }
    if (!this.isObject) return -1;
    const fields = this.parse();
    const wanted = nameBytes(name);
    for (let i = 0; i < fields.length; i++) if (this.isNamed(fields[i]!, wanted)) return i;
    return -1;
  }

  private isNamed(field: Field, wanted: Buffer): boolean {
    if (field.at < 0) return nameBytes(field.name!).equals(wanted);
    const start = field.at + 1;
    if (field.value - 1 - start !== wanted.length) return false;
    for (let i = 0; i < wanted.length; i++) if (this.source[start + i] !== wanted[i]) return false;
    return true;
  }

  private valueOf(field: Field): MutableValue {
    return (field.node ??= new MutableValue(
      this.source[field.at]!,
      field.value === field.end ? NO_BYTES : this.source.subarray(field.value, field.end),
      this
    ));
  }

  /** The first field of this name in a document that has neither lost fields nor got others. */
  private look(name: string): Field | undefined {
    const wanted = nameBytes(name);
    for (const field of this.looked) if (this.isNamed(field, wanted)) return field;
    const cursor = new Cursor(this.begin());
    if (!cursor.find(wanted)) return undefined;
    const { nameStart, valueStart, valueEnd } = cursor;
    const field = { at: nameStart - 1, value: valueStart, end: valueEnd, node: undefined, name: undefined };
    this.looked = [...this.looked, field].sort((a, b) => a.at - b.at);
    return field;
  }

  private parse(): Field[] {
    if (this.fields !== undefined) return this.fields;
    const fields: Field[] = [];
    const bytes = this.begin();
    for (let at = 4; bytes[at] !== 0;) {
      let value = at + 1;
      while (bytes[value++] !== 0);
      const end = value + valueSize(bytes[at]!, bytes, value);
      const known = this.looked.find(field => field.at === at);
      fields.push(known ?? { at, value, end, node: undefined, name: undefined });
      at = end;
    }
    this.looked = NO_FIELDS;
    return (this.fields = fields);
  }

  /** What is looked into: what has changed meanwhile is in the nodes of the fields that were looked at before. */
  private begin(): Buffer {
    if (this.looked.length === 0) this.source = this.bytes;
    return this.source;
  }

  private write(): Buffer {
    return this.fields === undefined ? this.patched() : this.rewritten(this.fields);
  }

  /** The source with other values in the fields that were looked at. */
  private patched(): Buffer {
    const { source, looked } = this;
    const values = looked.map(({ node }) => node!.raw());
    let size = source.length;
    for (let i = 0; i < looked.length; i++) {
      size += values[i]!.bytes.length - (looked[i]!.end - looked[i]!.value);
    }
    const out = Buffer.allocUnsafe(size);
    let from = 0;
    let to = 0;
    for (let i = 0; i < looked.length; i++) {
      const { at, value, end } = looked[i]!;
      const { type, bytes } = values[i]!;
      const named = to + at - from;
      source.copy(out, to, from, value);
      out[named] = type;
      to += value - from;
      copyInto(out, to, bytes);
      to += bytes.length;
      from = end;
    }
    source.copy(out, to, from);
    out.writeInt32LE(size, 0);
    return out;
  }

  private rewritten(fields: readonly Field[]): Buffer {
    let size = 5;
    for (const field of fields) {
      if (field.node === undefined) size += field.end - field.at;
      else size += 2 + this.nameLength(field) + field.node.raw().bytes.length;
    }
    const out = Buffer.allocUnsafe(size);
    out.writeInt32LE(size, 0);
    let to = 4;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      const { node } = field;
      if (node === undefined) {
        // Neighbours that stand together are copied together.
        let end = field.end;
        while (i + 1 < fields.length && fields[i + 1]!.node === undefined && fields[i + 1]!.at === end)
          end = fields[++i]!.end;
        this.source.copy(out, to, field.at, end);
        to += end - field.at;
      } else {
        out[to++] = node.type;
        if (field.at < 0) to += nameBytes(field.name!).copy(out, to);
        else to += this.source.copy(out, to, field.at + 1, field.value - 1);
        out[to++] = 0;
        const { bytes } = node.raw();
        to += bytes.copy(out, to);
      }
    }
    out[to] = 0;
    return out;
  }

  private nameLength(field: Field): number {
    return field.at < 0 ? nameBytes(field.name!).length : field.value - field.at - 2;
  }

  private touch(): void {
    if (this.changed) return;
    this.changed = true;
    this.parent?.touch();
  }
}

const NO_BYTES = Buffer.alloc(0);
const NO_FIELDS: Field[] = [];

/** Numbers are copied faster byte by byte than by a call. */
const LOOP_BYTES_MAX = 24;

function copyInto(out: Buffer, at: number, bytes: Buffer): void {
  if (bytes.length > LOOP_BYTES_MAX) {
    bytes.copy(out, at);
  } else {
    for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  }
}

/** An element: where it stands in its parent's bytes (`at` is -1 for an added one) and its value once looked at. */
interface Field {
  readonly at: number;
  readonly value: number;
  readonly end: number;
  readonly name: string | undefined;
  node: MutableValue | undefined;
}

function addedField(name: string, node: MutableValue): Field {
  return { at: -1, value: -1, end: -1, name, node };
}

/** A position of an array's element: digits alone. Unlike a filter, an update takes leading zeros, as mongod does. */
export function arrayIndex(name: string): number | undefined {
  return /^0*\d{1,10}$/.test(name) ? Number(name) : undefined;
}
