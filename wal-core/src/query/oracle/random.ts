import { documentOf, fromExtendedJson, arrayOf, T, type RawValue } from '../../bson';
import {
  MAX_KEY,
  MIN_KEY,
  NULL,
  FALSE,
  TRUE,
  array,
  date,
  double,
  int32,
  int64,
  object,
  string
} from '../values';

/** Seeded random choices (mulberry32). */
export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<X>(items: readonly X[]): X {
    return items[this.int(items.length)]!;
  }

  times<X>(min: number, max: number, make: () => X): X[] {
    return Array.from({ length: min + this.int(max - min + 1) }, make);
  }
}

export const doc = (fields: readonly (readonly [string, RawValue])[]): Buffer =>
  documentOf(fields.map(([name, value]) => ({ ...value, name })));

export const obj = (...fields: (readonly [string, RawValue])[]): RawValue => object(doc(fields));
export const arr = (...items: RawValue[]): RawValue => array(arrayOf(items));
export const json = (value: unknown): RawValue => fromExtendedJson(value);

const decimals = [
  '0',
  '1',
  '1.0',
  '1.50',
  '2',
  '-1',
  '5',
  '0.1',
  '1E3',
  'NaN',
  '-Infinity',
  '9007199254740993',
  '-0'
].map(s => json({ $numberDecimal: s }));
const longs = [0n, 1n, 2n, 3n, 5n, -1n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n].map(
  int64
);
const doubles = [0, -0, 1, 1.5, 2, 2.5, -1, 0.1, 3, NaN, Infinity, -Infinity, 9007199254740992, 1e300, 5].map(
  double
);
const ints = [0, 1, 2, 3, 4, 5, -1, 10, 100, 2147483647, -2147483648].map(int32);
const strings = ['', 'a', 'b', 'c', 'ab', 'abc', 'A', 'é', 'a.b', '1', '$a', 'zz top'].map(string);
const others = [
  NULL,
  NULL,
  TRUE,
  FALSE,
  date(0n),
  date(1000n),
  date(1672531200000n),
  json({ $oid: '64b000000000000000000000' }),
  json({ $oid: '64b000000000000000000001' }),
  json({ $timestamp: { t: 1, i: 1 } }),
  json({ $binary: { base64: 'AQI=', subType: '00' } }),
  json({ $binary: { base64: 'AQIDBA==', subType: '05' } }),
  json({ $regularExpression: { pattern: 'a', options: '' } }),
  json({ $regularExpression: { pattern: '^a', options: 'i' } }),
  MIN_KEY,
  MAX_KEY
];

export function number(r: Random): RawValue {
  return r.pick(r.pick([ints, ints, ints, doubles, doubles, longs, decimals]));
}

export function smallInt(r: Random): RawValue {
  return int32(r.int(5));
}

export function scalar(r: Random): RawValue {
  const n = r.next();
  return n < 0.3 ? smallInt(r) : n < 0.55 ? number(r) : n < 0.8 ? r.pick(strings) : r.pick(others);
}

export function value(r: Random, depth = 2): RawValue {
  const n = r.next();
  if (depth > 0 && n < 0.2) return array(arrayOf(r.times(0, 4, () => value(r, depth - 1))));
  if (depth > 0 && n < 0.4) return object(fields(r, depth - 1));
  return scalar(r);
}

export const NAMES = ['a', 'b', 'c', 'd'];

export function fields(r: Random, depth: number): Buffer {
  const names = [...NAMES].sort(() => r.next() - 0.5).slice(0, r.int(4));
  if (r.chance(0.05)) names.push('0');
  return doc(names.map(name => [name, value(r, depth)] as const));
}

/** A document `{_id: n, …}`. */
export function document(r: Random, id: number): Buffer {
  const names = [...NAMES].sort(() => r.next() - 0.5).slice(0, 1 + r.int(4));
  return doc([['_id', int32(id)], ...names.map(name => [name, value(r, 3)] as const)]);
}

/** A path such as documents have. */
export function path(r: Random): string {
  const parts = [r.pick(NAMES)];
  while (parts.length < 4 && r.chance(0.4)) parts.push(r.chance(0.2) ? String(r.int(3)) : r.pick(NAMES));
  return parts.join('.');
}

/** A value that likely stands in some document. */
export function likely(r: Random, docs: readonly Buffer[]): RawValue {
  if (r.chance(0.5)) return value(r, 1);
  return deepValue(r, object(r.pick(docs)));
}

function deepValue(r: Random, from: RawValue): RawValue {
  if ((from.type === T.OBJECT || from.type === T.ARRAY) && r.chance(0.75)) {
    const items = [...iterate(from.bytes)].filter(v => v.name !== '_id');
    if (items.length > 0) return deepValue(r, r.pick(items).value);
  }
  return from;
}

import { Cursor } from '../../bson';

function* iterate(bytes: Buffer): Generator<{ name: string; value: RawValue }> {
  for (const cursor = new Cursor(bytes); cursor.next();) yield { name: cursor.name, value: cursor.value };
}
