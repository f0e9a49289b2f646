import { READ_AHEAD_BYTES_MAX } from './limits';

type Taken =
  | { readonly result: IteratorResult<readonly Buffer[]>; readonly bytes: number }
  | { readonly error: unknown };

/** Bytes that all cursors of this process have read ahead. */
let allBytes = 0;

/**
 * A source whose next documents are read while the client is busy with those it has. What is read ahead is bounded,
 * and an error or the end that comes up on the way is told when it is come to.
 */
export class ReadAhead {
  private readonly taken: Taken[] = [];
  private bytes = 0;
  private wanted = 0;
  /** The one batch that is on its way. */
  private step: Promise<void> | undefined;
  private isAtEnd = false;

  constructor(private readonly source: AsyncIterator<readonly Buffer[]>) {}

  /** Reads on until there are so many bytes, as far as all cursors together may. */
  start(bytes: number): void {
    this.wanted = bytes;
    this.goOn();
  }

  /** The next batch. One call at a time. */
  async next(): Promise<IteratorResult<readonly Buffer[]>> {
    if (this.taken.length === 0) {
      this.take();
      await this.step;
    }
    const next = this.taken.shift()!;
    if ('error' in next) {
      throw next.error;
    }
    this.note(-next.bytes);
    return next.result;
  }

  /** Gives up what is there, and reads no more. */
  release(): void {
    this.isAtEnd = true;
    this.taken.length = 0;
    this.note(-this.bytes);
    // A generator that waits in a scan ends when the scan sees the signal.
    void this.source.return?.().catch(() => undefined);
  }

  private goOn(): void {
    if (!this.isAtEnd && this.bytes < this.wanted && allBytes < READ_AHEAD_BYTES_MAX) {
      this.take();
    }
  }

  private take(): void {
    this.step ??= this.source
      .next()
      .then(
        // What comes after all was given up counts no more.
        result => this.keep({ result, bytes: this.isAtEnd ? 0 : bytesOf(result) }),
        (error: unknown) => this.keep({ error })
      )
      .then(() => this.goOn());
  }

  private keep(taken: Taken): void {
    this.step = undefined;
    this.taken.push(taken);
    if ('error' in taken || taken.result.done === true) {
      this.isAtEnd = true;
    } else {
      this.note(taken.bytes);
    }
  }

  private note(bytes: number): void {
    this.bytes += bytes;
    allBytes += bytes;
  }
}

function bytesOf({ done, value }: IteratorResult<readonly Buffer[]>): number {
  return done === true ? 0 : value.reduce((sum, { length }) => sum + length, 0);
}
