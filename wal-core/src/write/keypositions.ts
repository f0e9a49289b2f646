import type { DocKey } from '../api';
import { keyOfText, keyText } from '../read/unapplied';
import { compareKeys } from '../store/order';

/** A position for each of many keys. As long as the keys come in their order, they are a sorted list and no map. */
export class KeyPositions {
  /** Keys in their order, and the position of each; undefined when they are in `byText`. */
  private sorted: DocKey[] | undefined = [];
  private positions: number[] = [];
  private byText = new Map<string, number>();

  get(key: DocKey): number | undefined {
    if (this.sorted === undefined) {
      return this.byText.get(keyText(key));
    }
    const at = this.find(this.sorted, key);
    return at < 0 ? undefined : this.positions[at];
  }

  /** Answers the position before. */
  set(key: DocKey, position: number): number | undefined {
    const { sorted } = this;
    if (sorted !== undefined) {
      const last = sorted.at(-1);
      if (last === undefined || compareKeys(key, last) > 0) {
        sorted.push(key);
        this.positions.push(position);
        return undefined;
      }
      const at = this.find(sorted, key);
      if (at >= 0) {
        const before = this.positions[at];
        this.positions[at] = position;
        return before;
      }
      this.toMap(sorted);
    }
    const text = keyText(key);
    const before = this.byText.get(text);
    this.byText.set(text, position);
    return before;
  }

  private toMap(sorted: readonly DocKey[]): void {
    for (const [i, key] of sorted.entries()) {
      this.byText.set(keyText(key), this.positions[i]!);
    }
    this.sorted = undefined;
    this.positions = [];
  }

  /** Index of a key among the sorted ones; -1 when it is not there. */
  private find(sorted: readonly DocKey[], key: DocKey): number {
    let low = 0;
    let high = sorted.length - 1;
    // Most often it is asked whether the next key is there already.
    if (high < 0 || compareKeys(key, sorted[high]!) > 0) {
      return -1;
    }
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareKeys(key, sorted[middle]!);
      if (order === 0) {
        return middle;
      }
      if (order < 0) {
        high = middle - 1;
      } else {
        low = middle + 1;
      }
    }
    return -1;
  }

  /** Keys with their positions, in no order. */
  *entries(): Generator<[DocKey, number]> {
    for (const [i, key] of (this.sorted ?? []).entries()) {
      yield [key, this.positions[i]!];
    }
    for (const [text, position] of this.byText) {
      yield [keyOfText(text), position];
    }
  }

  clear(): void {
    this.sorted = [];
    this.positions = [];
    this.byText.clear();
  }
}
