/** Operators that compute an expression for each element, with a variable of its own. */

import { arrayOf, Cursor, elements, T } from '../../../bson';
import { queryError } from '../../error';
import { toNumber } from '../../numeric';
import { array, isNullish, isTrue, NULL, textOf, type Value } from '../../values';
import { isNumber, typeName } from '../arithmetic';
import { compileExpression, register, type OperatorCompiler } from '../compile';
import { checkVariableName, type RawValue, type Scope } from '../scope';
import { isArray } from './values';

/** Named arguments, each with the codes of MongoDB. */
function parameters(
  argument: RawValue,
  name: string,
  notObject: number,
  unknown: number,
  missing: Readonly<Record<string, number>>,
  optional: readonly string[] = []
): Map<string, RawValue> {
  if (argument.type !== T.OBJECT)
    throw queryError(notObject, `${name} only supports an object as its argument`);
  const out = new Map<string, RawValue>();
  for (const element of elements(argument.bytes)) {
    if (!(element.name in missing) && !optional.includes(element.name)) {
      throw queryError(unknown, `Unrecognized parameter to ${name}: ${element.name}`);
    }
    out.set(element.name, element);
  }
  for (const [key, code] of Object.entries(missing)) {
    if (!out.has(key)) throw queryError(code, `Missing '${key}' parameter to ${name}`);
  }
  return out;
}

const map: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$map', 16878, 16879, { input: 16880, in: 16882 }, ['as']);
  const input = compileExpression(args.get('input')!, scope);
  const { inner, slot } = bind(scope, args.get('as'));
  const body = compileExpression(args.get('in')!, inner);
  return {
    evaluate: frame => {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list)) throw queryError(16883, `input to $map must be an array not ${typeName(list)}`);
      const out: RawValue[] = [];
      for (const cursor = new Cursor(list.bytes); cursor.next();) {
        frame.vars[slot] = cursor.value;
        out.push(body.evaluate(frame) ?? NULL);
      }
      return array(arrayOf(out));
    }
  };
};

/** The variable that `as` names, or `$$this`. */
function bind(scope: Scope, as: RawValue | undefined): { inner: Scope; slot: number } {
  const name = as === undefined ? 'this' : as.type === T.STRING ? textOf(as) : '';
  const { scope: inner, slots } = scope.with(checkVariableName(name));
  return { inner, slot: slots[0]! };
}

const filter: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$filter', 28646, 28647, { input: 28648, cond: 28650 }, ['as', 'limit']);
  const input = compileExpression(args.get('input')!, scope);
  const { inner, slot } = bind(scope, args.get('as'));
  const test = compileExpression(args.get('cond')!, inner);
  const limit = args.get('limit') && compileExpression(args.get('limit')!, scope);
  return {
    evaluate: frame => {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list)) throw queryError(28651, `input to $filter must be an array not ${typeName(list)}`);
      const most = limit && list.bytes.length > 5 ? filterLimit(limit.evaluate(frame)) : Infinity;
      const out: RawValue[] = [];
      for (const cursor = new Cursor(list.bytes); out.length < most && cursor.next();) {
        const item = cursor.value;
        frame.vars[slot] = item;
        if (isTrue(test.evaluate(frame))) out.push(item);
      }
      return array(arrayOf(out));
    }
  };
};

function filterLimit(value: Value): number {
  if (isNullish(value)) return Infinity;
  const n = isNumber(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(n) || n !== (n | 0))
    throw queryError(
      327391,
      `$filter: limit must be represented as a 32-bit integral value: ${typeName(value)}`
    );
  if (n < 1) throw queryError(327392, `$filter: limit must be greater than 0: ${n}`);
  return n;
}

const reduce: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$reduce', 40075, 40076, {
    input: 40077,
    initialValue: 40078,
    in: 40079
  });
  const input = compileExpression(args.get('input')!, scope);
  const initial = compileExpression(args.get('initialValue')!, scope);
  const { scope: inner, slots } = scope.with('this', 'value');
  const body = compileExpression(args.get('in')!, inner);
  return {
    evaluate: frame => {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list))
        throw queryError(40080, `$reduce requires that 'input' be an array, found: ${typeName(list)}`);
      let value = initial.evaluate(frame);
      for (const cursor = new Cursor(list.bytes); cursor.next();) {
        frame.vars[slots[0]!] = cursor.value;
        frame.vars[slots[1]!] = value;
        value = body.evaluate(frame);
      }
      return value;
    }
  };
};

const letIn: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$let', 16874, 16875, { vars: 16876, in: 16877 });
  const vars = args.get('vars')!;
  if (vars.type !== T.OBJECT) throw queryError(10065, `invalid parameter: expected an object (vars)`);
  const list = elements(vars.bytes).map(element => ({
    name: checkVariableName(element.name),
    expression: compileExpression(element, scope)
  }));
  const { scope: inner, slots } = scope.with(...list.map(v => v.name));
  const body = compileExpression(args.get('in')!, inner);
  return {
    evaluate: frame => {
      const given = list.map(v => v.expression.evaluate(frame));
      given.forEach((value, i) => (frame.vars[slots[i]!] = value));
      return body.evaluate(frame);
    }
  };
};

register({
  $map: map,
  $filter: filter,
  $reduce: reduce,
  $let: letIn
});
