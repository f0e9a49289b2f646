import fc from 'fast-check';

const given = process.env['ARGON_TEST_SEED'];

/**
 * Seed of this run: the same in every run of the suite, so that a change is judged by itself and not by
 * what was drawn. `ARGON_TEST_SEED=random` searches anew; a number repeats a search.
 */
export const SEED = given === 'random' ? Date.now() % 1_000_000_007 : Number(given ?? 20_260_707);

/** Runs of each property are multiplied by this: 1 in the suite, more for a long search. */
export const EFFORT = Number(process.env['ARGON_TEST_EFFORT'] ?? 1);

/** Title of a property test: it shows the seed, so that a failure can be repeated. */
export function random(title: string): string {
  return `${title} (seed ${SEED})`;
}

/**
 * Parameters of a property of `count` runs. The first failure is reported as it is; with
 * `ARGON_TEST_SHRINK=1` a smaller one is looked for, which takes minutes where each run opens an engine.
 */
export function runs<T>(count: number): fc.Parameters<T> {
  const endOnFailure = process.env['ARGON_TEST_SHRINK'] !== '1';
  return { seed: SEED, numRuns: Math.max(1, Math.round(count * EFFORT)), endOnFailure };
}

/** A source of numbers below a bound, the same for the same seed (mulberry32). */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Gives a file's tests time, on a busy machine and for a long search. */
export function allowSeconds(seconds: number): void {
  jest.setTimeout(seconds * 1000 * Math.max(1, EFFORT));
}
