import { arrayOf, Cursor, DocumentWriter, nameBytes, T, type RawValue } from '../../bson';
import { findField } from '../filter/path';
import type { Expression, Frame } from '../expression';
import { array, object, type Value } from '../values';

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
  private readonly writer = new DocumentWriter();

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
    const { named, children, computed } = this;
    const keeps = this.mode === 'inclusion';
    // Fields are computed first: they may read what is written here only afterwards.
    const values = this.computes ? this.compute(doc, frame) : undefined;
    const writer = this.writer.begin();
    for (const cursor = new Cursor(doc); cursor.next();) {
      const name = cursor.name;
      if (values !== undefined && computed.has(name)) {
        // A computed field takes the place of the one that is there, unless that would not be kept.
        if (named.has(name) !== keeps) continue;
        const value = values.get(name);
        if (value !== undefined) writer.add(name, value);
        values.delete(name);
        continue;
      }
      const child = children.get(name);
      if (child !== undefined) {
        const value = child.transform(cursor.value, frame);
        if (value !== undefined) writer.add(name, value);
      } else if (named.has(name) === keeps) {
        writer.take(doc, cursor.nameStart - 1, cursor.valueEnd);
      }
    }
    if (values !== undefined)
      for (const [name, value] of values) if (value !== undefined) writer.add(name, value);
    return writer.finish();
  }

  /** The computed fields, and those of children that the document does not have, in order. */
  private compute(doc: Buffer | undefined, frame: Frame): Map<string, Value> {
    const out = new Map<string, Value>();
    for (const name of this.order) {
      const expression = this.computed.get(name);
      if (expression !== undefined) {
        out.set(name, expression.evaluate(frame));
        continue;
      }
      const child = this.children.get(name)!;
      if (!child.computes || (doc !== undefined && findField(doc, 0, nameBytes(name)) >= 0)) continue;
      out.set(name, child.transform(undefined, frame));
    }
    return out;
  }

  /** What becomes of a value on the way to deeper fields. */
  private transform(value: Value, frame: Frame): Value {
    if (value !== undefined && value.type === T.OBJECT) return object(this.apply(value.bytes, frame));
    if (value !== undefined && value.type === T.ARRAY) {
      const out: RawValue[] = [];
      for (const cursor = new Cursor(value.bytes); cursor.next();) {
        const item = this.transform(cursor.value, frame);
        if (item !== undefined) out.push(item);
      }
      return array(arrayOf(out));
    }
    if (this.computes) {
      const values = this.compute(undefined, frame);
      const writer = this.writer.begin();
      for (const [name, made] of values) if (made !== undefined) writer.add(name, made);
      return object(writer.finish());
    }
    return this.mode === 'inclusion' ? undefined : value;
  }
}
