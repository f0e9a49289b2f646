/** First wait after a lost connection, in milliseconds. */
const FIRST_MS = 500;

/** Longest wait between two tries, in milliseconds. */
const LONGEST_MS = 15_000;

/**
 * How long to wait before try number `attempt` (0, 1, 2 …): it doubles up to a cap, and a quarter of it is
 * chance, so that many pages do not come back at the same instant.
 *
 * @param random - A number in [0, 1); an argument so that a test can own it.
 * @returns milliseconds
 */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.75 + 0.25 * random));
}
