import { valueSize, type RawElement, type RawValue } from '../../../bson/raw';
import type { Expression, Frame, Scope } from '../../expression';
import { findField, MISSING } from '../../filter/path';
import type { Value } from '../../values';
import { operand, restored, STATE_BYTES } from './state';
import type { Accumulator, AccumulatorFactory, DocumentFrame, Fold, Shared } from './state';

/** A state that keeps nothing of the values it is given, and takes them where they lie. */
export interface FleetingFold extends Fold, Shared {
  /** `type` 0: missing. */
  addAt(type: number, bytes: Buffer, start: number, end: number): void;
}

const NONE = Buffer.alloc(0);

/** An accumulator that takes values where they lie. */
export function fleeting(argument: RawElement, scope: Scope, make: () => FleetingFold): AccumulatorFactory {
  const expression = operand(argument, scope);
  const { field, constant } = expression;
  const over =
    field !== undefined
      ? (fold: FleetingFold) => new OfField(expression, fold, field)
      : constant !== undefined
        ? (fold: FleetingFold) => new OfConstant(expression, fold, constant.value)
        : (fold: FleetingFold) => new OfExpression(expression, fold);
  return Object.assign(() => over(make()), {
    isFleeting: true,
    resume: (saved: RawValue) => over(restored(make(), saved))
  });
}

/** A fleeting state of one group with what it is given. Classes, so that what is compiled for one query serves the next. */
abstract class FleetingState implements Accumulator {
  constructor(
    protected readonly expression: Expression,
    protected readonly fold: FleetingFold
  ) {}

  add(frame: Frame): void {
    this.fold.add(this.expression.evaluate(frame));
  }

  abstract addAt(bytes: Buffer, start: number, frame: DocumentFrame): void;

  value(): Value {
    return this.fold.value();
  }

  get bytes(): number {
    return this.fold.bytes ?? STATE_BYTES;
  }

  save(): RawValue {
    return this.fold.save();
  }

  get shared(): Shared {
    return this.fold;
  }
}

class OfField extends FleetingState {
  constructor(
    expression: Expression,
    fold: FleetingFold,
    private readonly field: Buffer
  ) {
    super(expression, fold);
  }

  addAt(bytes: Buffer, start: number): void {
    const at = findField(bytes, start, this.field);
    if (at < 0) {
      this.fold.addAt(MISSING, bytes, 0, 0);
      return;
    }
    const type = bytes[at]!;
    const value = at + 2 + this.field.length;
    this.fold.addAt(type, bytes, value, value + valueSize(type, bytes, value));
  }
}

class OfConstant extends FleetingState {
  constructor(
    expression: Expression,
    fold: FleetingFold,
    private readonly constant: Value
  ) {
    super(expression, fold);
  }

  addAt(): void {
    this.fold.add(this.constant);
  }
}

class OfExpression extends FleetingState {
  addAt(_bytes: Buffer, _start: number, frame: DocumentFrame): void {
    const value = this.expression.evaluate(frame());
    if (value === undefined) this.fold.addAt(MISSING, NONE, 0, 0);
    else this.fold.addAt(value.type, value.bytes, 0, value.bytes.length);
  }
}
