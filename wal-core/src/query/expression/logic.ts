import { elements, T, TYPE_NAMES } from '../../bson';
import { queryError } from '../error';
import type { ValueOrder } from '../order';
import { bool, FALSE, int32, isNullish, isTrue, TRUE, UNDEFINED, type Value } from '../values';
import {
  argumentList,
  checkArity,
  compileExpression,
  folded,
  operator,
  register,
  type OperatorCompiler
} from './compile';
import { constant, type Expression } from './scope';

/** Order of two values in expressions: missing sorts like undefined. */
export function compareOperands(a: Value, b: Value, order: ValueOrder): number {
  return order.compare(a ?? UNDEFINED, b ?? UNDEFINED);
}

function comparison(judge: (order: number) => boolean): OperatorCompiler {
  return operator(2, 2, ([a, b], _name, order) => bool(judge(compareOperands(a, b, order))));
}

const and: OperatorCompiler = (argument, scope) => {
  const parts = argumentList(argument).map(item => compileExpression(item, scope));
  return folded(parts, frame => {
    for (const part of parts) if (!isTrue(part.evaluate(frame))) return FALSE;
    return TRUE;
  });
};

const or: OperatorCompiler = (argument, scope) => {
  const parts = argumentList(argument).map(item => compileExpression(item, scope));
  return folded(parts, frame => {
    for (const part of parts) if (isTrue(part.evaluate(frame))) return TRUE;
    return FALSE;
  });
};

const cond: OperatorCompiler = (argument, scope, name) => {
  let parts: Expression[];
  if (argument.type === T.OBJECT) {
    const byName = new Map<string, Expression>();
    for (const element of elements(argument.bytes)) {
      if (!['if', 'then', 'else'].includes(element.name)) {
        throw queryError(17083, `Unrecognized parameter to $cond: ${element.name}`);
      }
      byName.set(element.name, compileExpression(element, scope));
    }
    parts = (['if', 'then', 'else'] as const).map((key, i) => {
      const part = byName.get(key);
      if (part === undefined) throw queryError(17080 + i, `Missing '${key}' parameter to $cond`);
      return part;
    });
  } else {
    const list = argumentList(argument);
    checkArity(name, list.length, 3, 3);
    parts = list.map(item => compileExpression(item, scope));
  }
  const [test, yes, no] = parts as [Expression, Expression, Expression];
  if (test.constant !== undefined) return isTrue(test.constant.value) ? yes : no;
  const failure = parts.find(part => part.failure !== undefined)?.failure;
  return {
    evaluate: frame => (isTrue(test.evaluate(frame)) ? yes : no).evaluate(frame),
    ...(failure !== undefined && { failure })
  };
};

const ifNull: OperatorCompiler = (argument, scope) => {
  const parts = argumentList(argument).map(item => compileExpression(item, scope));
  if (parts.length < 2) {
    throw queryError(1257300, `$ifNull needs at least two arguments, had: ${parts.length}`);
  }
  const last = parts[parts.length - 1]!;
  return folded(parts, frame => {
    for (let i = 0; i < parts.length - 1; i++) {
      const value = parts[i]!.evaluate(frame);
      if (!isNullish(value)) return value;
    }
    return last.evaluate(frame);
  });
};

const switchCase: OperatorCompiler = (argument, scope) => {
  if (argument.type !== T.OBJECT) {
    throw queryError(40060, `$switch requires an object as an argument, found: ${TYPE_NAMES[argument.type]}`);
  }
  const branches: { test: Expression; then: Expression }[] = [];
  let given = false;
  let fallback: Expression | undefined;
  for (const element of elements(argument.bytes)) {
    if (element.name === 'branches') {
      if (element.type !== T.ARRAY) {
        throw queryError(
          40061,
          `$switch expected an array for 'branches', found: ${TYPE_NAMES[element.type]}`
        );
      }
      for (const branch of elements(element.bytes)) {
        if (branch.type !== T.OBJECT) {
          throw queryError(
            40062,
            `$switch expected each branch to be an object, found: ${TYPE_NAMES[branch.type]}`
          );
        }
        let test: Expression | undefined;
        let then: Expression | undefined;
        for (const part of elements(branch.bytes)) {
          if (part.name === 'case') test = compileExpression(part, scope);
          else if (part.name === 'then') then = compileExpression(part, scope);
          else throw queryError(40063, `$switch found an unknown argument to a branch: ${part.name}`);
        }
        if (test === undefined)
          throw queryError(40064, "$switch requires each branch have a 'case' expression");
        if (then === undefined)
          throw queryError(40065, "$switch requires each branch have a 'then' expression.");
        // Branches that cannot be taken, and those behind one that always is, do not count.
        const decided = branches.at(-1)?.test.constant;
        if (decided !== undefined && isTrue(decided.value)) continue;
        given = true;
        if (test.constant === undefined || isTrue(test.constant.value)) branches.push({ test, then });
      }
    } else if (element.name === 'default') {
      fallback = compileExpression(element, scope);
    } else {
      throw queryError(40067, `$switch found an unknown argument: ${element.name}`);
    }
  }
  if (!given) throw queryError(40068, '$switch requires at least one branch.');
  if (branches.length === 0 && fallback === undefined) {
    throw queryError(
      40069,
      'Cannot execute a switch statement where all the cases evaluate to false without a default'
    );
  }
  return {
    evaluate: frame => {
      for (const { test, then } of branches) if (isTrue(test.evaluate(frame))) return then.evaluate(frame);
      if (fallback !== undefined) return fallback.evaluate(frame);
      throw queryError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.'
      );
    }
  };
};

register({
  $literal: argument => constant({ type: argument.type, bytes: argument.bytes }),
  $const: argument => constant({ type: argument.type, bytes: argument.bytes }),
  $eq: comparison(order => order === 0),
  $ne: comparison(order => order !== 0),
  $gt: comparison(order => order > 0),
  $gte: comparison(order => order >= 0),
  $lt: comparison(order => order < 0),
  $lte: comparison(order => order <= 0),
  $cmp: operator(2, 2, ([a, b], _name, order) => int32(compareOperands(a, b, order))),
  $and: and,
  $or: or,
  $not: operator(1, 1, ([value]) => bool(!isTrue(value))),
  $cond: cond,
  $ifNull: ifNull,
  $switch: switchCase
});
