import { Cursor, type RawValue } from '../../bson';
import { queryError } from '../error';
import { orderOf, type ValueOrder } from '../order';
import { date, MISSING_VALUE, object, type Value } from '../values';

/**
 * Names that expressions know while they are compiled. Variables live in numbered slots of
 * a frame, so that nothing is looked up by name while documents stream by.
 */
export class Scope {
  private readonly names: ReadonlyMap<string, number>;

  private constructor(
    names: ReadonlyMap<string, number>,
    readonly unit: Unit
  ) {
    this.names = names;
  }

  /** A scope with the command's variables: `let` and `$$NOW`. */
  static create(
    options: {
      let?: Buffer | undefined;
      now?: number | undefined;
      random?: (() => number) | undefined;
      collation?: Buffer | undefined;
    } = {}
  ): Scope {
    const unit: Unit = {
      slots: 0,
      initial: [],
      random: options.random ?? Math.random,
      order: orderOf(options.collation)
    };
    const names = new Map<string, number>();
    const define = (name: string, value: Value): void => {
      names.set(name, unit.slots);
      unit.initial[unit.slots++] = value;
    };
    define('NOW', date(BigInt(options.now ?? Date.now())));
    define('REMOVE', MISSING_VALUE);
    if (options.let !== undefined) {
      for (const cursor = new Cursor(options.let); cursor.next();)
        define(checkVariableName(cursor.name), cursor.value);
    }
    return new Scope(names, unit);
  }

  /** Slot of a variable. @throws 17276 when there is none of that name */
  slot(name: string): number {
    const slot = this.names.get(name);
    if (slot === undefined) throw queryError(17276, `Use of undefined variable: ${name}`);
    return slot;
  }

  /** How expressions of the command compare values. */
  get order(): ValueOrder {
    return this.unit.order;
  }

  /** The command's collation, for what is compiled with options of its own. */
  get collation(): { readonly collation?: Buffer } {
    const collation = this.unit.order.collation?.source;
    return collation === undefined ? {} : { collation };
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** A scope inside this one with further variables, and their slots. */
  with(...names: string[]): { scope: Scope; slots: number[] } {
    const all = new Map(this.names);
    const slots = names.map(name => {
      const slot = this.unit.slots++;
      this.unit.initial[slot] = undefined;
      all.set(name, slot);
      return slot;
    });
    return { scope: new Scope(all, this.unit), slots };
  }

  /** A frame to evaluate in, with `doc` as `$$ROOT` and `$$CURRENT`. */
  frame(doc?: Buffer): Frame {
    const root = doc === undefined ? undefined : object(doc);
    return { root, current: root, vars: [...this.unit.initial] };
  }
}

interface Unit {
  slots: number;
  readonly initial: Value[];
  readonly random: () => number;
  readonly order: ValueOrder;
}

/** What expressions read while they are evaluated. */
export interface Frame {
  root: Value;
  current: Value;
  readonly vars: Value[];
}

/** A frame that can be used again for the next document. */
export function newRoot(scope: Scope, doc: Buffer): Frame {
  return scope.frame(doc);
}

/** Points a frame to another document. */
export function setRoot(frame: Frame, doc: Buffer): Frame {
  frame.root = frame.current = object(doc);
  return frame;
}

/** @throws 9 for names that user variables may not have */
export function checkVariableName(name: string): string {
  if (name === '') throw queryError(9, 'empty variable names are not allowed');
  const first = name.codePointAt(0)!;
  if (name !== 'CURRENT' && !(first >= 0x61 && first <= 0x7a) && first < 0x80) {
    throw queryError(9, `'${name}' starts with an invalid character for a user variable name`);
  }
  for (const c of name) {
    if (!/[A-Za-z0-9_]/.test(c) && c.charCodeAt(0) < 0x80) {
      throw queryError(9, `'${name}' contains an invalid character for a variable name: '${c}'`);
    }
  }
  return name;
}

/** A compiled expression. */
export interface Expression {
  evaluate(frame: Frame): Value;
  /** Set when the expression does not depend on anything: its value. */
  readonly constant?: { readonly value: Value };
  /** Set when it is the value of this field of the document itself: `$name`. */
  readonly field?: Buffer;
  /** Set when a constant part of it cannot be computed: mongod refuses such a query before it reads anything. */
  readonly failure?: unknown;
}

/** An expression that always gives the same value. */
export function constant(value: Value): Expression {
  return { evaluate: () => value, constant: { value } };
}

export type { RawValue, Value };
