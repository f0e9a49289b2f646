/** The documents of the benchmark: 8 fields, about 190 bytes, `_id` an int32. */
export function document(i) {
  return {
    _id: i,
    n: 0,
    name: `user ${String(i).padStart(8, '0')}`,
    plan: ['free', 'pro', 'team'][i % 3],
    score: (i * 7919) % 100_003,
    active: i % 2 === 0,
    joined: new Date(1_700_000_000_000 + i * 1_000),
    note: 'a note that brings the document to its size, as notes do in practice everywhere'
  };
}

/** Numbers that are the same in every run (mulberry32). */
export function randomSource(seed) {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
