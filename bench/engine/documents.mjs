/** The documents of the benchmark: 8 fields, about 200 bytes, `_id` an int32. */
import { serialize } from 'bson';

/** Where the int32 field `n` stands: after the length and `_id`. */
export const COUNTER_OFFSET = 4 + 9 + 3;

/** Raw BSON of document `i`. */
export function document(i) {
  const raw = Buffer.from(
    serialize({
      _id: i,
      n: 0,
      name: `user ${String(i).padStart(8, '0')}`,
      plan: ['free', 'pro', 'team'][i % 3],
      score: i / 7,
      active: i % 2 === 0,
      joined: new Date(1_700_000_000_000 + i * 1_000),
      note: 'a note that brings the document to its size, as notes do in practice everywhere, and more'
    })
  );
  return raw;
}

/** The document with its counter raised: an update that costs next to nothing by itself. */
export function bumped(image) {
  const next = Buffer.from(image);
  next.writeInt32LE(image.readInt32LE(COUNTER_OFFSET) + 1, COUNTER_OFFSET);
  return next;
}

/** A source of numbers that is the same in every run (mulberry32). */
export function randomSource(seed) {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
