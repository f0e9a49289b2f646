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

/*
 * All long work of a thread shares one budget: from one turn of the event loop to the next it gets `SLICE_MS_MAX`
 * milliseconds, however many of it there are. What is over waits in a row, and each turn lets one go on.
 */

/** What a step gets of a turn whose budget is used up, in milliseconds. */
const STEP_MS_MIN = 1;

/** When the budget of this turn is used up. */
let deadline = 0;
/** Whether the next turn is asked for. */
let isCounting = false;
const waiting: (() => void)[] = [];

function count(): void {
  if (!isCounting) {
    isCounting = true;
    deadline = performance.now() + SLICE_MS_MAX;
    setImmediate(turn);
  }
}

function turn(): void {
  const next = waiting.shift();
  if (next === undefined) {
    isCounting = false;
    return;
  }
  deadline = performance.now() + SLICE_MS_MAX;
  setImmediate(turn);
  next();
}

/**
 * When a step of long work that begins now should end, on the clock of `performance.now`: with the budget of the turn,
 * but not before it came anywhere.
 */
export function stepEnd(): number {
  count();
  return Math.max(deadline, performance.now() + STEP_MS_MIN);
}

/**
 * Keeps long work from holding the event loop: `if (pace.isDue) await pace.rest()` in its innermost
 * loop lets others run every few milliseconds, and costs next to nothing in between.
 */
export class Pace {
  /** How long it has rested in all, in milliseconds. */
  rested = 0;

  constructor(private readonly signal?: AbortSignal) {}

  get isDue(): boolean {
    count();
    return performance.now() > deadline;
  }

  /** @throws CANCELLED */
  async rest(): Promise<void> {
    count();
    const began = performance.now();
    await new Promise<void>(resolve => {
      waiting.push(resolve);
    });
    this.rested += performance.now() - began;
    throwIfAborted(this.signal);
  }
}

/** Things of a step before it is known how long they take, and the most of a step. */
const STEP_ITEMS_MIN = 8;
const STEP_ITEMS_MAX = 1 << 20;

/**
 * How many things to do before the next look at the clock, by how long the last ones took: the more of them fit into a
 * slice, the fewer looks.
 */
export class Steps {
  size = STEP_ITEMS_MIN;

  /** So long did the last `size` things take, or fewer of them. */
  took(ms: number): void {
    this.size =
      ms > SLICE_MS_MAX
        ? Math.max(1, Math.floor((this.size * SLICE_MS_MAX) / ms))
        : Math.min(this.size * 2, STEP_ITEMS_MAX);
  }
}
