import fc from 'fast-check';
import type { CollectionId, IndexId, TimelineId } from '../api';
import { docKeyOfValue } from '../bson';
import { anyValue } from '../bson/testing';
import {
  afterPrefix,
  commitKey,
  commitKeyLsn,
  DYADIC_LEVEL_MIN,
  dyadicLevel,
  idxhKey,
  idxhKeyTo,
  lineKey,
  lineKeyLsn,
  verBound,
  verKey,
  verKeyDoc,
  verKeyLsn
} from './keys';

const lsn = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const number = fc.integer({ min: 0, max: 0xfffffffe });
const docKey = anyValue.map(docKeyOfValue);
const timeline = (value: number) => value as TimelineId;
const collection = (value: number) => value as CollectionId;

describe('keys of the state', () => {
  it('sort versions by timeline, collection, document, and the newest first', () => {
    const part = fc.record({ t: fc.nat(2), c: fc.nat(2), d: docKey, l: lsn });
    fc.assert(
      fc.property(part, part, (a, b) => {
        const keyOf = ({ t, c, d, l }: typeof a) => verKey(timeline(t), collection(c), d, l);
        const order = a.t - b.t || a.c - b.c || Buffer.compare(a.d, b.d) || b.l - a.l;
        expect(Math.sign(Buffer.compare(keyOf(a), keyOf(b)))).toBe(Math.sign(order));
        expect(verKeyDoc(keyOf(a)).equals(a.d)).toBe(true);
        expect(verKeyLsn(keyOf(a))).toBe(a.l);
      })
    );
  });

  it('bound a collection on both ends', () => {
    fc.assert(
      fc.property(number, number, docKey, lsn, (t, c, d, l) => {
        const key = verKey(timeline(t), collection(c), d, l);
        expect(Buffer.compare(verBound(timeline(t), c), key)).toBeLessThan(0);
        expect(Buffer.compare(key, verBound(timeline(t), c, true))).toBeLessThan(0);
      })
    );
  });

  it('give LSNs back, in their order', () => {
    fc.assert(
      fc.property(number, lsn, lsn, (t, a, b) => {
        expect(lineKeyLsn(lineKey(timeline(t), a))).toBe(a);
        expect(commitKeyLsn(commitKey(t as never, a))).toBe(a);
        const order = Buffer.compare(lineKey(timeline(t), a), lineKey(timeline(t), b));
        expect(Math.sign(order)).toBe(Math.sign(a - b));
      })
    );
  });

  it('end a prefix right behind everything that starts with it', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 6 }).map(value => Buffer.from(value));
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 6 }), bytes, (prefix, rest, other) => {
        const end = afterPrefix(prefix);
        expect(Buffer.compare(Buffer.concat([prefix, rest]), end)).toBeLessThan(0);
        const startsWith = other.subarray(0, prefix.length).equals(prefix);
        if (!startsWith && Buffer.compare(other, prefix) > 0 && prefix.some(byte => byte < 0xff)) {
          expect(Buffer.compare(other, end)).toBeGreaterThanOrEqual(0);
        }
      })
    );
  });

  it('put a dead entry into the smallest aligned block of LSNs that holds its life', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 2 ** 30 }),
        (from, life) => {
          const to = from + life;
          const level = dyadicLevel(from, to);
          const block = (k: number, at: number) => Math.floor(at / 2 ** k);
          expect(level).toBeGreaterThanOrEqual(DYADIC_LEVEL_MIN);
          expect(block(level, from)).toBe(block(level, to));
          expect(level === DYADIC_LEVEL_MIN || block(level - 1, from) !== block(level - 1, to)).toBe(true);
          const key = idxhKey(timeline(1), 2 as IndexId, Buffer.from('key'), Buffer.from('doc'), from, to);
          expect(idxhKeyTo(key)).toBe(to);
          expect(key[8]).toBe(level);
        }
      )
    );
  });
});
