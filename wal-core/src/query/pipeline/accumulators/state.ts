import type { RawElement, RawValue } from '../../../bson/raw';
import { T } from '../../../bson/types';
import type { FoldShare } from '../../api';
import { queryError } from '../../error';
import { compileExpression, type Expression, type Frame, type Scope } from '../../expression';
import type { Value } from '../../values';

/** The state of one accumulator in one group. */
export interface Accumulator {
  add(frame: Frame): void;
  /** Adds the document that begins at `start`, where it lies; there when the factory `isFleeting`. */
  addAt?(bytes: Buffer, start: number, frame: DocumentFrame): void;
  value(): Value;
  /** Bytes it holds, roughly. */
  readonly bytes: number;
  /** What it gathered, from which `resume` of its factory goes on. */
  save(): RawValue;
  /** What another thread gathered and what is here go together; there when the factory `isFleeting`. */
  readonly shared?: Shared;
}

/** A state of which parts can be gathered apart, when what comes out is the same to the last bit. */
export interface Shared {
  readonly isShareable: boolean;
  share(): FoldShare;
  /** Takes in the share of later documents. */
  absorb(share: FoldShare): void;
}

/** The frame of a document that lies in larger bytes, made when an expression needs it. */
export type DocumentFrame = () => Frame;

/** Makes accumulators. */
export interface AccumulatorFactory {
  /** @param first a frame of the group's first document, for `n` */
  (first: Frame): Accumulator;
  /** A state that goes on from what another had gathered. */
  resume(saved: RawValue): Accumulator;
  /** They keep nothing of a document, whose bytes may be gone after it was added; and always take as little memory. */
  readonly isFleeting?: boolean;
}

/** A plain state that is given values. */
export interface Fold {
  add(value: Value): void;
  value(): Value;
  /** Bytes it holds, roughly; as few as any when absent. */
  readonly bytes?: number;
  /** What it gathered, for `restore` of a fresh one. */
  save(): RawValue;
  restore(saved: RawValue): void;
}

/** Bytes that the smallest state takes, roughly. */
export const STATE_BYTES = 128;
/** Bytes that a value kept in a list takes beside its own, roughly. */
export const ITEM_BYTES = 48;

/** The expression of an accumulator that takes one. @throws 40237 */
export function operand(argument: RawElement, scope: Scope): Expression {
  if (argument.type === T.ARRAY) {
    throw queryError(40237, `The ${argument.name} accumulator is a unary operator`);
  }
  return compileExpression(argument, scope);
}

/** An accumulator that keeps what an expression gives. */
export function simple(argument: RawElement, scope: Scope, make: () => Fold): AccumulatorFactory {
  const expression = operand(argument, scope);
  const over = (fold: Fold): Accumulator => ({
    add: frame => fold.add(expression.evaluate(frame)),
    value: () => fold.value(),
    get bytes() {
      return fold.bytes ?? STATE_BYTES;
    },
    save: () => fold.save()
  });
  return Object.assign(() => over(make()), {
    resume: (saved: RawValue) => over(restored(make(), saved))
  });
}

/** A fresh state that goes on from what another had gathered. */
export function restored<F extends Fold>(fold: F, saved: RawValue): F {
  fold.restore(saved);
  return fold;
}
