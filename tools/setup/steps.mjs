/** Runs the steps of the setup, one line of progress each. */
import { stopping } from './child.mjs';
import { CACHE } from './checkout.mjs';
import { forget, isDone, remember } from './stamps.mjs';

/**
 * @typedef {object} Step
 * @property {string} name short and stable: names the stamp and the log
 * @property {string} title what a person reads: `Node packages`
 * @property {() => string | undefined} hash what the step depends on; undefined: it is done every time
 * @property {readonly string[]} [products] paths that must exist for the step to be done
 * @property {() => boolean} [fits] whether what is there already will do, though no stamp says so
 * @property {() => Promise<string | void>} run does it; may return a few words about what was done
 */

/** `0.4 s`, `58 s`, `2 min 5 s`. */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const label = title => `  ${`${title} `.padEnd(24, '.')} `;

/** A finished line of progress: what, how it went, how long it took. */
export const row = (title, words, ms) => `${label(title)}${words.padEnd(30)} ${duration(ms).padStart(8)}`;

/** A line that grows: the title at once, the outcome when it is known, and the seconds meanwhile on a terminal. */
export function line(title, out = process.stdout) {
  const begun = Date.now();
  out.write(label(title));
  const live = out.isTTY === true;
  const timer = live
    ? setInterval(
        () => stopping() || out.write(`\r${label(title)}${duration(Date.now() - begun)} \x1b[K`),
        1_000
      )
    : undefined;
  return {
    end(outcome) {
      clearInterval(timer);
      const whole = row(title, outcome, Date.now() - begun);
      out.write(live ? `\r\x1b[K${whole}\n` : `${whole.slice(label(title).length)}\n`);
    }
  };
}

/** Does what is not done yet. Stops at the first step that fails, by throwing what it threw. */
export async function runSteps(steps, { out = process.stdout, folder = CACHE } = {}) {
  for (const step of steps) {
    const progress = line(step.title, out);
    try {
      const hash = step.hash();
      if (hash !== undefined && isDone(step.name, hash, step.products, folder)) {
        progress.end('up to date');
        continue;
      }
      if (hash !== undefined && step.fits?.()) {
        remember(step.name, hash, folder);
        progress.end('up to date');
        continue;
      }
      forget(step.name, folder);
      const words = await step.run();
      // Hashed again: a file that was edited while the step ran must not count as built.
      if (hash !== undefined && step.hash() === hash) {
        remember(step.name, hash, folder);
      }
      progress.end(words ?? 'done');
    } catch (error) {
      progress.end('failed');
      throw error;
    }
  }
}
