import { ArgonError } from '../errors';
import { SLICE_MS_MAX } from '../limits';

/** Lets other work of the event loop run. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** @throws CANCELLED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new ArgonError('CANCELLED', 'The operation was cancelled.');
  }
}

/**
 * Keeps long work from holding the event loop: `if (pace.isDue) await pace.rest()` in its innermost
 * loop lets others run every few milliseconds, and costs next to nothing in between.
 */
export class Pace {
  private deadline = performance.now() + SLICE_MS_MAX;

  constructor(private readonly signal?: AbortSignal) {}

  get isDue(): boolean {
    return performance.now() > this.deadline;
  }

  /** @throws CANCELLED */
  async rest(): Promise<void> {
    await nextTurn();
    throwIfAborted(this.signal);
    this.deadline = performance.now() + SLICE_MS_MAX;
  }
}
