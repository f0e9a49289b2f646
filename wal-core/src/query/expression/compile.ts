import { documentOf, elements, arrayOf, nameBytes, T, type RawElement } from '../../bson';
import { isArgonError } from '../../errors';
import { queryError } from '../error';
import type { ValueOrder } from '../order';
import { array, NULL, object, startsWithDollar, textOf } from '../values';
import { parseFieldPath, pathReader } from './fieldpath';
import { constant, type Expression, type Frame, type RawValue, type Scope, type Value } from './scope';

/** Compiles the argument of an operator. */
export type OperatorCompiler = (argument: RawValue, scope: Scope, name: string) => Expression;

const operators = new Map<string, OperatorCompiler>();

/** Makes operators known under their names. */
export function register(table: Readonly<Record<string, OperatorCompiler>>): void {
  for (const [name, compiler] of Object.entries(table)) operators.set(name, compiler);
}

export function isOperatorName(name: string): boolean {
  return operators.has(name);
}

/** Compiles any operand: a field path, variable, operator, document, array or constant. */
export function compileExpression(value: RawValue, scope: Scope): Expression {
  switch (value.type) {
    case T.STRING: {
      const text = textOf(value);
      return text.startsWith('$') ? compilePath(text, scope) : plainConstant(value);
    }
    case T.OBJECT:
      return startsWithDollar(value.bytes)
        ? compileOperator(value.bytes, scope)
        : compileObject(value.bytes, scope);
    case T.ARRAY:
      return compileArray(value.bytes, scope);
    default:
      return plainConstant(value);
  }
}

/** A constant of type and bytes alone, whatever else the value carries. */
function plainConstant({ type, bytes }: RawValue): Expression {
  return constant({ type, bytes });
}

/** `$a.b` or `$$name.a.b`. */
export function compilePath(text: string, scope: Scope): Expression {
  if (!text.startsWith('$$')) {
    if (text === '$') throw queryError(16872, "'$' by itself is not a valid FieldPath");
    const parts = parseFieldPath(text.slice(1));
    const read = pathReader(parts);
    if (scope.has('CURRENT')) return slotReader(scope.slot('CURRENT'), read);
    const field = parts.length === 1 ? { field: nameBytes(parts[0]!) } : {};
    return { evaluate: frame => read(frame.current), ...field };
  }
  const dot = text.indexOf('.');
  const name = text.slice(2, dot < 0 ? undefined : dot);
  const read = dot < 0 ? undefined : pathReader(parseFieldPath(text.slice(dot + 1)));
  if (name === '') throw queryError(16869, 'empty variable names are not allowed');
  if (name === 'ROOT')
    return read ? { evaluate: frame => read(frame.root) } : { evaluate: frame => frame.root };
  if (name === 'CURRENT' && !scope.has('CURRENT')) {
    return read ? { evaluate: frame => read(frame.current) } : { evaluate: frame => frame.current };
  }
  if (name === 'CLUSTER_TIME') throw queryError(51144, 'Builtin variable $$CLUSTER_TIME is not available');
  return slotReader(scope.slot(name), read);
}

function slotReader(slot: number, read: ((value: Value) => Value) | undefined): Expression {
  return read ? { evaluate: frame => read(frame.vars[slot]) } : { evaluate: frame => frame.vars[slot] };
}

/** `{$op: argument}`. */
export function compileOperator(doc: Buffer, scope: Scope): Expression {
  const list = elements(doc);
  if (list.length !== 1) {
    throw queryError(15983, 'an object representing an expression must have exactly one field');
  }
  const { name } = list[0]!;
  const compiler = operators.get(name);
  if (compiler === undefined) throw queryError(168, `Unrecognized expression '${name}'`);
  return compiler(list[0]!, scope, name);
}

function compileObject(doc: Buffer, scope: Scope): Expression {
  const fields = elements(doc).map(element => {
    checkFieldName(element.name);
    return { name: element.name, expression: compileExpression(element, scope) };
  });
  const names = new Set(fields.map(f => f.name));
  if (names.size < fields.length) {
    const repeated = fields.find((f, i) => fields.findIndex(g => g.name === f.name) < i)!;
    throw queryError(16406, `duplicate field name specified in object literal: ${repeated.name}`);
  }
  return folded(
    fields.map(f => f.expression),
    frame => {
      const out: { name: string; type: number; bytes: Buffer }[] = [];
      for (const { name, expression } of fields) {
        const value = expression.evaluate(frame);
        if (value !== undefined) out.push({ name, type: value.type, bytes: value.bytes });
      }
      return object(documentOf(out));
    }
  );
}

function checkFieldName(name: string): void {
  if (name === '') return;
  if (name.includes('.')) throw queryError(16412, "FieldPath field names may not contain '.'.");
  if (name.startsWith('$')) {
    throw queryError(
      16410,
      "FieldPath field names may not start with '$'. Consider using $getField or $setField."
    );
  }
}

function compileArray(items: Buffer, scope: Scope): Expression {
  const parts = elements(items).map(item => compileExpression(item, scope));
  return folded(parts, frame => array(arrayOf(parts.map(part => part.evaluate(frame) ?? NULL))));
}

/** Compiles an expression that stands by itself. @throws what computing its constant parts throws */
export function compileRoot(value: RawValue, scope: Scope): Expression {
  const expression = compileExpression(value, scope);
  if (expression.failure !== undefined) throw expression.failure as Error;
  return expression;
}

/** An expression over others; computed once and for all when they are all constant. */
export function folded(parts: readonly Expression[], evaluate: (frame: Frame) => Value): Expression {
  const failed = parts.find(part => part.failure !== undefined);
  if (failed !== undefined) return { evaluate, failure: failed.failure };
  if (parts.some(part => part.constant === undefined)) return { evaluate };
  try {
    return constant(evaluate(NO_FRAME));
  } catch (failure) {
    if (!isArgonError(failure)) throw failure;
    return { evaluate, failure };
  }
}

const NO_FRAME: Frame = { root: undefined, current: undefined, vars: [] };

/** The arguments of an operator: the items of an array, or the one thing given. */
export function argumentList(argument: RawValue): readonly RawValue[] {
  return argument.type === T.ARRAY ? elements(argument.bytes) : [argument];
}

/** Checks how many arguments there are. */
export function checkArity(name: string, count: number, min: number, max: number): void {
  if (count >= min && count <= max) return;
  if (min === max) {
    throw queryError(16020, `Expression ${name} takes exactly ${min} arguments. ${count} were passed in.`);
  }
  if (max === Infinity) {
    throw queryError(
      28667,
      `Expression ${name} takes at least ${min} arguments, but ${count} were passed in.`
    );
  }
  throw queryError(
    28667,
    `Expression ${name} takes at least ${min} arguments, and at most ${max}, but ${count} were passed in.`
  );
}

/** An operator that takes a list of arguments and computes with their values. */
export function operator(
  min: number,
  max: number,
  compute: (values: Value[], name: string, order: ValueOrder) => Value
): OperatorCompiler {
  return (argument, scope, name) => {
    const { order } = scope;
    const list = argumentList(argument);
    checkArity(name, list.length, min, max);
    const parts = list.map(item => compileExpression(item, scope));
    if (parts.length === 1) {
      const only = parts[0]!;
      return folded(parts, frame => compute([only.evaluate(frame)], name, order));
    }
    return folded(parts, frame => {
      const values: Value[] = new Array<Value>(parts.length);
      for (let i = 0; i < parts.length; i++) values[i] = parts[i]!.evaluate(frame);
      return compute(values, name, order);
    });
  };
}

/** The named arguments of an operator such as `$filter: {input, as, cond}`. */
export function namedArguments(
  argument: RawValue,
  name: string,
  codes: { readonly notObject: number; readonly unknown: number },
  known: readonly string[]
): Map<string, RawElement> {
  if (argument.type !== T.OBJECT) {
    throw queryError(codes.notObject, `${name} only supports an object as its argument`);
  }
  const out = new Map<string, RawElement>();
  for (const element of elements(argument.bytes)) {
    if (!known.includes(element.name))
      throw queryError(codes.unknown, `Unrecognized parameter to ${name}: ${element.name}`);
    out.set(element.name, element);
  }
  return out;
}

/** A named argument that must be there. */
export function required(args: Map<string, RawElement>, key: string, name: string, code: number): RawElement {
  const found = args.get(key);
  if (found === undefined) throw queryError(code, `Missing '${key}' parameter to ${name}`);
  return found;
}

/**
 * An operator whose arguments may change places: as in mongod, the constant ones come last
 * and are computed beforehand.
 */
export function commutative(
  compute: (values: Value[], name: string, order: ValueOrder) => Value
): OperatorCompiler {
  return (argument, scope, name) => {
    const parts = argumentList(argument).map(item => compileExpression(item, scope));
    const constants = parts.filter(part => part.constant !== undefined);
    const others = parts.filter(part => part.constant === undefined);
    const all = (list: readonly Expression[]): Expression =>
      folded(list, frame => {
        const values = list.map(part => part.evaluate(frame));
        return compute(values, name, scope.order);
      });
    if (others.length === 0 || constants.length < 2) return all([...others, ...constants]);
    return all([...others, all(constants)]);
  };
}
