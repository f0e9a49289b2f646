import { ArgonError } from '../errors';
import { Pace } from '../log/pace';
import type { EntriesPart, FlowPart, WorkerReply } from './messages';

/** How often the main thread hears how far a task is, in milliseconds. */
const PROGRESS_MS = 50;

/** What a task under way and the main thread tell each other. Several tasks share a worker by turns. */
export class Pulse {
  private readonly pace = new Pace();
  private told = performance.now();
  private readonly control = new AbortController();
  private goOn: (() => void) | undefined;

  constructor(
    private readonly id: number,
    private readonly cancelled: Int32Array,
    private readonly say: (reply: WorkerReply, transfer?: readonly ArrayBuffer[]) => void,
    /** Takes a newer view of the state now and then. */
    private readonly refresh: () => void
  ) {}

  get isDue(): boolean {
    return this.pace.isDue;
  }

  /** Aborted when the task is given up. */
  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** To be awaited when it is due: others have their turn. @throws CANCELLED */
  async beat(progress: number): Promise<void> {
    await this.pace.rest();
    this.check();
    this.refresh();
    const now = performance.now();
    if (now - this.told > PROGRESS_MS) {
      this.told = now;
      this.say({ id: this.id, progress });
    }
  }

  /** Hands a part over and waits until the next one is wanted. @throws CANCELLED */
  async part(part: FlowPart | EntriesPart): Promise<void> {
    const wanted = new Promise<void>(resolve => {
      this.goOn = resolve;
    });
    this.say({ id: this.id, part }, memoryOf(part));
    await wanted;
    this.check();
    this.refresh();
  }

  /** The main thread wants the next part, or has given the task up. */
  go(): void {
    if (Atomics.load(this.cancelled, 0) !== 0) {
      this.control.abort();
    }
    this.goOn?.();
  }

  /** The thread is to end: gives the task up. */
  cancel(): void {
    Atomics.store(this.cancelled, 0, 1);
    this.go();
  }

  private check(): void {
    if (Atomics.load(this.cancelled, 0) !== 0) {
      this.control.abort();
      throw new ArgonError('CANCELLED', 'The operation was cancelled.');
    }
  }
}

/** What changes hands with a part. */
export function memoryOf(part: FlowPart | EntriesPart): readonly ArrayBuffer[] {
  return 'parcel' in part ? part.parcel.pieces : part.entries === undefined ? [] : [part.entries.bytes];
}
