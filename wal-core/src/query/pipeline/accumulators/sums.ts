import { arrayOf, values, type RawValue } from '../../../bson/raw';
import { isNumberType } from '../../../bson/types';
import type { FoldShare } from '../../api';
import { mean } from '../../expression/accumulate';
import { MISSING } from '../../filter/path';
import { Summation, toNumber } from '../../numeric';
import type { ValueOrder } from '../../order';
import { array, copied, double, isNullish, kept, NULL, type Value } from '../../values';
import type { FleetingFold } from './fleeting';
import { STATE_BYTES } from './state';

export class Sum implements FleetingFold {
  private readonly sum = new Summation();

  add(value: Value): void {
    if (value !== undefined && isNumberType(value.type)) this.sum.add(value.type, value.bytes);
  }

  addAt(type: number, bytes: Buffer, start: number): void {
    if (isNumberType(type)) this.sum.add(type, bytes, start);
  }

  value(): Value {
    return this.sum.value;
  }

  get isShareable(): boolean {
    return this.sum.isOrderless;
  }

  share(): FoldShare {
    return { sum: this.sum.share };
  }

  absorb({ sum }: FoldShare): void {
    this.sum.absorb(sum!);
  }

  save(): RawValue {
    return array(arrayOf(this.sum.save()));
  }

  restore(saved: RawValue): void {
    this.sum.restore(values(saved.bytes));
  }
}

export class Average implements FleetingFold {
  private readonly sum = new Summation();
  private count = 0;

  add(value: Value): void {
    if (value !== undefined) this.addAt(value.type, value.bytes, 0);
  }

  addAt(type: number, bytes: Buffer, start: number): void {
    if (!isNumberType(type)) return;
    this.sum.add(type, bytes, start);
    this.count++;
  }

  value(): Value {
    return mean(this.sum, this.count);
  }

  get isShareable(): boolean {
    return this.sum.isOrderless;
  }

  share(): FoldShare {
    return { sum: this.sum.share, count: this.count };
  }

  absorb({ sum, count }: FoldShare): void {
    this.sum.absorb(sum!);
    this.count += count!;
  }

  save(): RawValue {
    return array(arrayOf([double(this.count), ...this.sum.save()]));
  }

  restore(saved: RawValue): void {
    const [count, ...sum] = values(saved.bytes);
    this.count = toNumber(count!);
    this.sum.restore(sum);
  }
}

export class Extreme implements FleetingFold {
  readonly isShareable = true;
  private best: Value;

  constructor(
    private readonly order: ValueOrder,
    private readonly sign: 1 | -1,
    /** Of equal numbers of different types the last stays, not the first. */
    private readonly keepsLast: boolean
  ) {}

  add(value: Value): void {
    if (this.isBetter(value)) this.best = kept(value);
  }

  addAt(type: number, bytes: Buffer, start: number, end: number): void {
    const value = type === MISSING ? undefined : { type, bytes: bytes.subarray(start, end) };
    if (this.isBetter(value)) this.best = copied(value);
  }

  private isBetter(value: Value): value is RawValue {
    if (isNullish(value)) return false;
    if (this.best === undefined) return true;
    const order = this.order.compare(value, this.best) * this.sign;
    return order < 0 || (order === 0 && this.keepsLast);
  }

  value(): Value {
    return this.best ?? NULL;
  }

  share(): FoldShare {
    const { best } = this;
    return best === undefined ? {} : { best: { type: best.type, bytes: Uint8Array.from(best.bytes) } };
  }

  get bytes(): number {
    return STATE_BYTES + (this.best?.bytes.length ?? 0);
  }

  save(): RawValue {
    return array(arrayOf(this.best === undefined ? [] : [this.best]));
  }

  restore(saved: RawValue): void {
    [this.best] = values(saved.bytes);
  }

  absorb({ best }: FoldShare): void {
    this.add(best === undefined ? undefined : { type: best.type, bytes: Buffer.from(best.bytes) });
  }
}
