import { appendFileSync } from 'node:fs';

const given = process.env['ARGON_TEST_SEED'];

/**
 * Seed of this run: the same in every run of the suite, so that a change is judged by itself and not by
 * what was drawn. `ARGON_TEST_SEED=random` searches anew; a number repeats a search.
 */
export const SEED = given === 'random' ? Date.now() % 1_000_000_007 : Number(given ?? 20_261_122);

/** What a search does is multiplied by this: 1 in the suite, more for a long search. */
export const EFFORT = Number(process.env['ARGON_TEST_EFFORT'] ?? 1);

/** Whole numbers from 0 to below a bound, the same for the same seed (mulberry32). */
export function numbersFrom(seed: number): (bound: number) => number {
  let state = seed | 0;
  return bound => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound);
  };
}

/** Tells a long search how much was done. */
export function figure(name: string, count: number): void {
  const file = process.env['ARGON_TEST_FIGURES'];
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify({ name, count })}\n`);
  }
}
