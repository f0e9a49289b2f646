import { Cursor, fittingInto, type CursorOwner } from './cursors';
import type { Operation } from './operation';

/** Documents that go on coming: a change stream, or the end of a capped collection. */
export interface LiveSource {
  /** What came since the last poll, else the first that comes within `waitMs`. */
  poll(waitMs: number, signal: AbortSignal): Promise<readonly Buffer[]>;
  /** Nothing will follow. */
  readonly isOver: boolean;
  /** Raw resume token behind everything polled; undefined for a source without. */
  token(): Buffer | undefined;
  /** Raw resume token behind one document. */
  tokenOf?(document: Buffer): Buffer;
}

/** A cursor that stays open at its end and waits there for more. */
export class LiveCursor extends Cursor {
  private waiting: readonly Buffer[] = [];
  private last: Buffer | undefined;

  constructor(
    id: bigint,
    namespace: string,
    private readonly source: LiveSource,
    operation: Operation,
    owner: CursorOwner
  ) {
    super(id, namespace, operation, owner);
  }

  override readonly awaits = true;

  override async next(count: number, waitMs = 0): Promise<Buffer[]> {
    if (this.waiting.length === 0 && !this.source.isOver) {
      this.waiting = await this.source.poll(waitMs, this.operation.signal);
    }
    const batch = this.waiting.slice(0, fittingInto(this.waiting, count));
    this.waiting = this.waiting.slice(batch.length);
    this.last = batch[batch.length - 1] ?? this.last;
    return batch;
  }

  override get isDrained(): boolean {
    return this.waiting.length === 0 && this.source.isOver;
  }

  override get resumeToken(): Buffer | undefined {
    const { source, last } = this;
    return this.waiting.length > 0 && last !== undefined && source.tokenOf !== undefined
      ? source.tokenOf(last)
      : source.token();
  }

  override release(): void {
    this.waiting = [];
  }
}
