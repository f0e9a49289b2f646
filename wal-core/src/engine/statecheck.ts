import { ArgonError, isArgonError } from '../errors';
import { Pace } from '../log/pace';
import type { OrderedStore } from '../store/store';
import type { WorkerPool } from '../worker/pool';

/**
 * Reads a state that was too large to be read whole at the start, on a thread beside the work. Until it has come to the
 * end, a row that a damaged page hides may be missed by who reads; when damage is found, nobody reads any more.
 */
export class StateCheck {
  private readonly control = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: OrderedStore,
    private readonly pool: WorkerPool | undefined,
    private readonly onDamage: (error: ArgonError) => void
  ) {}

  start(): void {
    this.running = this.run().catch((error: unknown) => {
      // A check that could not be made is no damage; `verify` makes it again.
      if (!isArgonError(error, 'CANCELLED')) {
        process.emitWarning(`The state was not checked: ${String(error)}`);
      }
    });
  }

  async stop(): Promise<void> {
    this.control.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.control;
    const found =
      this.pool === undefined
        ? await this.here()
        : (await this.pool.run({ kind: 'check' }, { signal })).damage;
    if (found !== undefined) {
      this.store.distrust();
      this.onDamage(
        new ArgonError(
          'DATA_CORRUPT',
          `The state is damaged (${found}). The log has everything that is in it: start Argon again, and it is made anew.`,
          { data: { file: 'state' } }
        )
      );
    }
  }

  /** Where there are no threads. */
  private async here(): Promise<string | undefined> {
    const pace = new Pace(this.control.signal);
    const steps = this.store.damage();
    try {
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) {
        if (pace.isDue) {
          await pace.rest();
        }
      }
      return step.value;
    } finally {
      steps.return(undefined);
    }
  }
}
