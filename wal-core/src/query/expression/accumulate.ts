import { Cursor, T, type RawValue } from '../../bson';
import { divide, decimalOfInteger } from '../decimalMath';
import { decimal, Summation, toNumber } from '../numeric';
import { double, isNullish, NULL, type Value } from '../values';
import { isNumber } from './arithmetic';
import { argumentList, compileExpression, folded, register, type OperatorCompiler } from './compile';
import type { ValueOrder } from '../order';
import { compareOperands } from './logic';

/** Mean of what a sum holds; null of nothing. */
export function mean(sum: Summation, count: number): RawValue {
  if (count === 0) return NULL;
  if (sum.type === T.DECIMAL128) return decimal(divide(sum.decimal, decimalOfInteger(BigInt(count))));
  return double(sum.double / count);
}

/** Running mean and squared distance (Welford), as MongoDB computes deviations. */
export class Deviation {
  count = 0;
  private mean = 0;
  private m2 = 0;

  add(value: RawValue): void {
    const x = toNumber(value);
    this.count++;
    const delta = x - this.mean;
    if (delta !== 0 || Number.isNaN(delta)) {
      this.mean += delta / this.count;
      this.m2 += delta * (x - this.mean);
    }
  }

  /** All of its state, for `restore` of a fresh one. */
  save(): RawValue[] {
    return [this.count, this.mean, this.m2].map(double);
  }

  restore(saved: readonly RawValue[]): void {
    const [count, mean, m2] = saved.map(toNumber);
    Object.assign(this, { count, mean, m2 });
  }

  value(sample: boolean): RawValue {
    const divisor = sample ? this.count - 1 : this.count;
    if (divisor <= 0) return NULL;
    return double(Math.sqrt(this.m2 / divisor));
  }
}

/** As expressions, `$sum` and its kin take several operands, or look into the array that one operand gives. */
function over(compute: (values: readonly Value[], order: ValueOrder) => Value): OperatorCompiler {
  return (argument, scope) => {
    const { order } = scope;
    const parts = argumentList(argument).map(item => compileExpression(item, scope));
    const only = parts.length === 1 ? parts[0]! : undefined;
    return folded(parts, frame => {
      if (only === undefined)
        return compute(
          parts.map(part => part.evaluate(frame)),
          order
        );
      const value = only.evaluate(frame);
      if (value?.type !== T.ARRAY) return compute([value], order);
      const items: RawValue[] = [];
      for (const cursor = new Cursor(value.bytes); cursor.next();) items.push(cursor.value);
      return compute(items, order);
    });
  };
}

function extreme(sign: 1 | -1): OperatorCompiler {
  return over((values, order) => {
    let best: Value;
    for (const value of values) {
      if (isNullish(value)) continue;
      if (best === undefined || compareOperands(value, best, order) * sign < 0) best = value;
    }
    return best ?? NULL;
  });
}

function deviation(sample: boolean): OperatorCompiler {
  return over(values => {
    const state = new Deviation();
    for (const value of values) if (isNumber(value)) state.add(value);
    return state.value(sample);
  });
}

register({
  $sum: over(values => {
    const sum = new Summation();
    for (const value of values) if (isNumber(value)) sum.add(value.type, value.bytes);
    return sum.value;
  }),
  $avg: over(values => {
    const sum = new Summation();
    let count = 0;
    for (const value of values) {
      if (!isNumber(value)) continue;
      sum.add(value.type, value.bytes);
      count++;
    }
    return mean(sum, count);
  }),
  $min: extreme(1),
  $max: extreme(-1),
  $stdDevPop: deviation(false),
  $stdDevSamp: deviation(true)
});
