import { arrayOf, Cursor, documentOf, T, type RawValue } from '../../bson';
import type { Expression, Frame } from '../expression';
import { array, object, type Value } from '../values';

interface Part {
  readonly name: string;
  readonly type: number;
  readonly bytes: Buffer;
}

/** Keep what is named, drop what is named, or keep all and only add. */
export type ProjectionMode = 'inclusion' | 'exclusion';

/**
 * A projection as a tree of field names: for each level the fields that are kept (or
 * dropped), those that are computed, and those that go deeper. One pass over the document
 * keeps its field order; computed fields replace what is there or come after it, in the
 * order of the specification. After MongoDB's ProjectionNode.
 */
export class ProjectionNode {
  private readonly named = new Set<string>();
  private readonly children = new Map<string, ProjectionNode>();
  private readonly computed = new Map<string, Expression>();
  /** Computed fields and children, in the order they were given. */
  private readonly order: string[] = [];
  private computes = false;

  constructor(private readonly mode: ProjectionMode) {}

  /** Names a path to keep or drop. */
  addPath(path: readonly string[]): void {
    if (path.length === 1) this.named.add(path[0]!);
    else this.child(path[0]!).addPath(path.slice(1));
  }

  /** Adds a computed field. */
  addComputed(path: readonly string[], expression: Expression): void {
    this.computes = true;
    const name = path[0]!;
    if (path.length > 1) {
      this.child(name).addComputed(path.slice(1), expression);
      return;
    }
    this.computed.set(name, expression);
    this.order.push(name);
  }

  private child(name: string): ProjectionNode {
    let child = this.children.get(name);
    if (child === undefined) {
      child = new ProjectionNode(this.mode);
      this.children.set(name, child);
      this.order.push(name);
    }
    return child;
  }

  /** The projected document; `frame` holds the document that computed fields read. */
  apply(doc: Buffer, frame: Frame): Buffer {
    return documentOf(this.parts(doc, frame));
  }

  private parts(doc: Buffer, frame: Frame): Part[] {
    const keeps = this.mode === 'inclusion';
    const out: Part[] = [];
    const { named, children } = this;
    for (const cursor = new Cursor(doc); cursor.next();) {
      const name = cursor.name;
      const child = children.get(name);
      if (child !== undefined) {
        const value = child.transform(cursor.value, frame);
        if (value !== undefined) out.push({ name, type: value.type, bytes: value.bytes });
      } else if (named.has(name) === keeps) {
        out.push({ name, type: cursor.type, bytes: cursor.bytes });
      }
    }
    if (this.computes) this.compute(doc, frame, out);
    return out;
  }

  private compute(doc: Buffer | undefined, frame: Frame, out: Part[]): void {
    for (const name of this.order) {
      const expression = this.computed.get(name);
      let value: Value;
      if (expression !== undefined) value = expression.evaluate(frame);
      else {
        const child = this.children.get(name)!;
        // Children that are in the document were dealt with on the way.
        if (!child.computes || (doc !== undefined && has(doc, name))) continue;
        value = child.transform(undefined, frame);
      }
      const at = out.findIndex(part => part.name === name);
      if (value === undefined) {
        if (at >= 0) out.splice(at, 1);
      } else {
        const part = { name, type: value.type, bytes: value.bytes };
        if (at >= 0) out[at] = part;
        else out.push(part);
      }
    }
  }

  /** What becomes of a value on the way to deeper fields. */
  private transform(value: Value, frame: Frame): Value {
    if (value !== undefined && value.type === T.OBJECT)
      return object(documentOf(this.parts(value.bytes, frame)));
    if (value !== undefined && value.type === T.ARRAY) {
      const out: RawValue[] = [];
      for (const cursor = new Cursor(value.bytes); cursor.next();) {
        const item = this.transform(cursor.value, frame);
        if (item !== undefined) out.push(item);
      }
      return array(arrayOf(out));
    }
    if (this.computes) {
      const parts: Part[] = [];
      this.compute(undefined, frame, parts);
      return object(documentOf(parts));
    }
    return this.mode === 'inclusion' ? undefined : value;
  }
}

function has(doc: Buffer, name: string): boolean {
  for (const cursor = new Cursor(doc); cursor.next();) if (cursor.name === name) return true;
  return false;
}
