/** Runs the steps of the setup, one line of progress each. */
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

/** A line that grows: the title at once, the outcome when it is known, and the seconds meanwhile on a terminal. */
function line(title, out) {
  const label = `  ${`${title} `.padEnd(24, '.')} `;
  const begun = Date.now();
  out.write(label);
  const live = out.isTTY === true;
  const timer = live
    ? setInterval(() => out.write(`\r${label}${duration(Date.now() - begun)} \x1b[K`), 1_000)
    : undefined;
  return {
    end(outcome) {
      clearInterval(timer);
      if (live) {
        out.write(`\r\x1b[K${label}`);
      }
      out.write(`${outcome.padEnd(30)} ${duration(Date.now() - begun).padStart(8)}\n`);
    }
  };
}

/** Does what is not done yet. Stops at the first step that fails, by throwing what it threw. */
export async function runSteps(steps, out = process.stdout) {
  for (const step of steps) {
    const progress = line(step.title, out);
    try {
      const hash = step.hash();
      if (hash !== undefined && isDone(step.name, hash, step.products)) {
        progress.end('up to date');
        continue;
      }
      if (hash !== undefined && step.fits?.()) {
        remember(step.name, hash);
        progress.end('up to date');
        continue;
      }
      forget(step.name);
      const words = await step.run();
      if (hash !== undefined) {
        // Hashed again: a file that was edited while the step ran must not count as built.
        const after = step.hash();
        if (after === hash) {
          remember(step.name, hash);
        }
      }
      progress.end(words ?? 'done');
    } catch (error) {
      progress.end('failed');
      throw error;
    }
  }
}
