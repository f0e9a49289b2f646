import { ArgonError } from '../errors';
import { SLICE_MS_MAX } from '../limits';

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
    await new Promise(resolve => setImmediate(resolve));
    if (this.signal?.aborted === true) {
      throw new ArgonError('CANCELLED', 'The operation was cancelled.');
    }
    this.deadline = performance.now() + SLICE_MS_MAX;
  }
}
