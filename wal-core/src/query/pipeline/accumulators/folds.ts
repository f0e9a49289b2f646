import { arrayOf, values, type RawValue } from '../../../bson/raw';
import { isNumberType, T, TYPE_NAMES } from '../../../bson/types';
import { queryError } from '../../error';
import { Deviation } from '../../expression/accumulate';
import { typeName } from '../../expression/arithmetic';
import { mergeDocuments } from '../../expression/object';
import type { ValueOrder } from '../../order';
import { array, isNullish, kept, object, type Value } from '../../values';
import { ITEM_BYTES, STATE_BYTES, type Fold } from './state';

/** Documents of which `$mergeObjects` makes one, so that it does not hold them all. */
const MERGED_AT_ONCE = 64;

/** `$stdDevPop`, `$stdDevSamp`. */
export class Spread implements Fold {
  private readonly state = new Deviation();

  constructor(private readonly sample: boolean) {}

  add(value: Value): void {
    if (value !== undefined && isNumberType(value.type)) this.state.add(value);
  }

  value(): Value {
    return this.state.value(this.sample);
  }

  save(): RawValue {
    return array(arrayOf(this.state.save()));
  }

  restore(saved: RawValue): void {
    this.state.restore(values(saved.bytes));
  }
}

/** `$first` and `$last`: the value of one document, which may be missing. */
export class End implements Fold {
  private kept: Value;
  private seen = false;

  constructor(private readonly which: 'first' | 'last') {}

  add(value: Value): void {
    if (this.seen && this.which === 'first') return;
    this.seen = true;
    this.kept = value === undefined ? undefined : kept(value);
  }

  value(): Value {
    return this.kept;
  }

  get bytes(): number {
    return STATE_BYTES + (this.kept?.bytes.length ?? 0);
  }

  save(): RawValue {
    return array(arrayOf(this.kept === undefined ? [] : [this.kept]));
  }

  restore(saved: RawValue): void {
    this.seen = true;
    [this.kept] = values(saved.bytes);
  }
}

/** `$push`. */
export class Push implements Fold {
  private readonly items: NonNullable<Value>[] = [];
  bytes = STATE_BYTES;

  add(value: Value): void {
    if (value === undefined) return;
    this.items.push(kept(value));
    this.bytes += value.bytes.length + ITEM_BYTES;
  }

  value(): RawValue {
    return array(arrayOf(this.items));
  }

  save(): RawValue {
    return this.value();
  }

  restore(saved: RawValue): void {
    for (const item of values(saved.bytes)) this.add(item);
  }
}

/** `$addToSet`. */
export class AddToSet implements Fold {
  private readonly items = new Map<string, NonNullable<Value>>();
  bytes = STATE_BYTES;

  constructor(private readonly order: ValueOrder) {}

  add(value: Value): void {
    if (value === undefined) return;
    const key = this.order.keyText(value);
    if (this.items.has(key)) return;
    this.items.set(key, kept(value));
    this.bytes += value.bytes.length + key.length + 2 * ITEM_BYTES;
  }

  value(): RawValue {
    return array(arrayOf([...this.items.values()]));
  }

  save(): RawValue {
    return this.value();
  }

  restore(saved: RawValue): void {
    for (const item of values(saved.bytes)) this.add(item);
  }
}

/** `$mergeObjects`. */
export class Merge implements Fold {
  private docs: Buffer[] = [];
  bytes = STATE_BYTES;

  add(value: Value): void {
    if (isNullish(value)) return;
    if (value.type !== T.OBJECT) {
      throw queryError(
        40400,
        `$mergeObjects requires object inputs, but input ${typeName(value)} is of type ${TYPE_NAMES[value.type]}`
      );
    }
    const { bytes } = kept(value);
    this.docs.push(bytes);
    this.bytes += bytes.length;
    if (this.docs.length >= MERGED_AT_ONCE) this.merge();
  }

  private merge(): Buffer {
    const merged = mergeDocuments(this.docs);
    this.docs = [merged];
    this.bytes = STATE_BYTES + merged.length;
    return merged;
  }

  value(): RawValue {
    return object(this.merge());
  }

  save(): RawValue {
    return this.value();
  }

  restore(saved: RawValue): void {
    this.add(saved);
  }
}
