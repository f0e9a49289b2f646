import { serialize } from 'bson';
import { documentOf, elements } from '../bson';
import { diffFields } from './fields';

const raw = (document: object) => Buffer.from(serialize(document));
/** A document out of the fields of others, names twice and all. */
const joined = (...parts: object[]) => documentOf(parts.flatMap(part => elements(raw(part))));
const paths = (before: Buffer, after: Buffer) => diffFields(before, after).map(({ path }) => path.join('.'));

describe('fields that differ', () => {
  it('are found whether the names stand in the same order or not', () => {
    const before = raw({ _id: 1, a: 1, b: { c: 1, d: [1, 2] }, e: 'x' });
    expect(paths(before, raw({ _id: 1, a: 2, b: { c: 1, d: [1, 3] }, e: 'x' }))).toEqual(['a', 'b.d']);
    expect(paths(before, raw({ _id: 1, b: { d: [1, 3], c: 2 }, a: 1, f: 1 }))).toEqual([
      'b.c',
      'b.d',
      'e',
      'f'
    ]);
    expect(paths(before, raw({ _id: 1, a: 1, b: { c: 1, d: [1, 2] }, e: 'x', f: 1 }))).toEqual(['f']);
    expect(paths(before, raw({ _id: 1, a: 1, b: { c: 1, d: [1, 2] } }))).toEqual(['e']);
    expect(paths(before, before)).toEqual([]);
  });

  it('a field that became another type, with the same bytes or not, is a change', () => {
    expect(paths(raw({ a: {} }), raw({ a: [] }))).toEqual(['a']);
    expect(paths(raw({ a: { b: 1 } }), raw({ a: 5 }))).toEqual(['a']);
  });

  it('order alone is a change of the document it happened in', () => {
    expect(paths(raw({ a: 1, b: 2 }), raw({ b: 2, a: 1 }))).toEqual(['']);
    expect(paths(raw({ x: { a: 1, b: 2 } }), raw({ x: { b: 2, a: 1 } }))).toEqual(['x']);
  });

  it('a name that occurs twice names no field, on either side and in the same order too', () => {
    const twice = joined({ a: 1 }, { a: 2 });
    expect(paths(twice, joined({ a: 1 }, { a: 3 }))).toEqual(['']);
    const inside = (bytes: Buffer) => documentOf([{ name: 'x', type: 0x03, bytes }]);
    expect(paths(inside(twice), inside(joined({ a: 1 }, { a: 3 })))).toEqual(['x']);
    expect(paths(raw({ a: 1, b: 2 }), twice)).toEqual(['']);
  });

  it('long values are compared whole', () => {
    const long = 'x'.repeat(500);
    expect(paths(raw({ a: long, b: 1 }), raw({ a: `${long.slice(1)}y`, b: 1 }))).toEqual(['a']);
    expect(paths(raw({ a: long, b: 1 }), raw({ a: long, b: 2 }))).toEqual(['b']);
  });
});
