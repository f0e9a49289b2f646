import { arrayOf, Cursor, documentOf, T, type RawValue } from '../../bson';

/**
 * A document that is being changed: parsed only where it is looked at, and written back so
 * that what was not changed keeps its bytes.
 */
export class MutableValue {
  private type_: number;
  private bytes_: Buffer;
  private children_: MutableField[] | undefined;
  private changed = false;

  constructor(
    value: RawValue,
    private readonly parent?: MutableValue
  ) {
    this.type_ = value.type;
    this.bytes_ = value.bytes;
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

  private get children(): MutableField[] {
    if (this.children_ === undefined) {
      this.children_ = [];
      for (const cursor = new Cursor(this.bytes_); cursor.next();) {
        this.children_.push({ name: cursor.name, value: new MutableValue(cursor.value, this) });
      }
    }
    return this.children_;
  }

  /** Number of elements of an array or document. */
  get size(): number {
    return this.children.length;
  }

  /** A field of an object, or the element of an array at a position. */
  child(name: string): MutableValue | undefined {
    if (this.isArray) {
      const index = arrayIndex(name);
      return index === undefined ? undefined : this.children[index]?.value;
    }
    return this.isObject ? this.children.find(c => c.name === name)?.value : undefined;
  }

  items(): MutableValue[] {
    return this.children.map(c => c.value);
  }

  /** The value as it stands now. */
  raw(): RawValue {
    if (this.changed && this.children_ !== undefined) {
      this.bytes_ = this.isArray
        ? arrayOf(this.children_.map(c => c.value.raw()))
        : documentOf(this.children_.map(c => ({ ...c.value.raw(), name: c.name })));
      this.changed = false;
    }
    return { type: this.type_, bytes: this.bytes_ };
  }

  /** Puts another value in this place. */
  set(value: RawValue): void {
    this.type_ = value.type;
    this.bytes_ = value.bytes;
    this.children_ = undefined;
    this.changed = false;
    this.parent?.touch();
  }

  /** Adds a field at the end, or sets an array element, filling the gap before it with null. */
  add(name: string, value: RawValue): MutableValue {
    const child = new MutableValue(value, this);
    const children = this.children;
    if (this.isArray) {
      const index = arrayIndex(name)!;
      while (children.length < index) {
        children.push({
          name: String(children.length),
          value: new MutableValue({ type: T.NULL, bytes: Buffer.alloc(0) }, this)
        });
      }
    }
    children.push({ name, value: child });
    this.touch();
    return child;
  }

  /** Removes a field; an array element becomes null, so that the others keep their positions. */
  remove(name: string): void {
    if (this.isArray) {
      this.child(name)?.set({ type: T.NULL, bytes: Buffer.alloc(0) });
      return;
    }
    const children = this.children;
    const at = children.findIndex(c => c.name === name);
    if (at < 0) return;
    children.splice(at, 1);
    this.touch();
  }

  private touch(): void {
    if (this.changed) return;
    this.changed = true;
    this.parent?.touch();
  }
}

interface MutableField {
  readonly name: string;
  readonly value: MutableValue;
}

/** A position written the way arrays number their elements: no sign, no leading zero. */
export function arrayIndex(name: string): number | undefined {
  return /^(?:0|[1-9]\d{0,9})$/.test(name) ? Number(name) : undefined;
}
