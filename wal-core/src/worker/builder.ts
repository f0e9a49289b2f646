import { build, type BuildSource } from '../image/build';
import type { Builder } from '../image/keeper';
import { Pace } from '../log/pace';
import { WorkerPool } from './pool';

/** Builds images on a worker where one can be had, else in slices on the calling thread. */
export function imageBuilder(pool: WorkerPool | undefined, source: BuildSource): Builder {
  return pool === undefined
    ? async (task, signal) => {
        const pace = new Pace(signal);
        const steps = build(task, source);
        try {
          for (;;) {
            const step = await steps.next();
            if (step.done === true) {
              return step.value;
            }
            if (pace.isDue) {
              await pace.rest();
            }
          }
        } finally {
          // Ends a build that was given up; one that is done has ended.
          await steps.return(undefined as never);
        }
      }
    : (task, signal) => pool.build(task, { signal });
}
