import fc from 'fast-check';
import { anyCommand } from './commands';
import type { Sizes } from './run';
import { type Done, runSteps, type Step } from './steps';

/** A list of commands that follows from a seed. */
export interface Sequence {
  readonly seed: number;
  readonly length: number;
}

export const USUAL_SIZES: Sizes = { heldRecords: 10_000, hasImages: false };

/** Runs take turns with these. */
const SIZES: readonly Sizes[] = [
  USUAL_SIZES,
  { heldRecords: 10_000, hasImages: true },
  { heldRecords: 3, hasImages: true }
];

/** How long a smaller failure is looked for. */
const SHRINK_MS = Number(process.env['ARGON_TEST_SHRINK_MS'] ?? 60_000);

export function stepsOf({ seed, length }: Sequence): Step[] {
  const step = fc.record({ command: anyCommand, chance: fc.nat() });
  return fc.sample(step, { seed, numRuns: length });
}

/** Runs one sequence. @throws with the shortest list of commands found that still fails, and how to run it again */
export async function runSequence(sequence: Sequence): Promise<Done> {
  const sizes = SIZES[sequence.seed % SIZES.length]!;
  const steps = stepsOf(sequence);
  try {
    return await runSteps(steps, sizes);
  } catch (error) {
    const { left, cause } = await shrink(steps, sizes, error);
    throw new Error(
      [
        `Model and engine part after ${left.length} of ${steps.length} commands (seed ${sequence.seed}):`,
        ...left.map(({ command, chance }) => `  ${JSON.stringify(command)} // chance ${chance}`),
        `Again: ARGON_TEST_MODEL=${sequence.seed}:${sequence.length} npx jest -c wal-core/jest.config.js law-02-model`,
        cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      ].join('\n')
    );
  }
}

/** Leaves out commands, many at once and then one by one, as long as what is left still fails. */
async function shrink(
  steps: readonly Step[],
  sizes: Sizes,
  error: unknown
): Promise<{ left: readonly Step[]; cause: unknown }> {
  const end = Date.now() + SHRINK_MS;
  let left = steps;
  let cause = error;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < left.length && Date.now() < end;) {
      const fewer = [...left.slice(0, start), ...left.slice(start + size)];
      const found = await runSteps(fewer, sizes).then(
        () => undefined,
        (other: unknown) => ({ other })
      );
      if (found === undefined) {
        start += size;
      } else {
        left = fewer;
        cause = found.other;
      }
    }
  }
  return { left, cause };
}
