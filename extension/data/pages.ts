/** A page as it was read. */
export interface IRead<T> {
  readonly rows: readonly T[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** Pages whose rows are kept; those that were not looked at for longest are read again when they are needed. */
export const PAGES_KEPT = 12;

interface IPage<T> {
  readonly after: string | undefined;
  readonly start: number;
  readonly count: number;
  rows: readonly T[] | undefined;
  usedAt: number;
}

/**
 * The rows of a paged answer, of which only some are in memory. Pages of one state are always the same, so a page
 * that was let go can be read again from where it began.
 */
export class Pages<T> {
  constructor(
    private readonly _read: (after: string | undefined) => Promise<IRead<T>>,
    private readonly _onChange: (error?: unknown) => void
  ) {}

  /** Rows known so far. */
  get length(): number {
    const last = this._pages.at(-1);
    return last === undefined ? 0 : last.start + last.count;
  }

  /** Whether there is nothing behind the rows known. */
  get isWhole(): boolean {
    return this._isWhole;
  }

  get isReading(): boolean {
    return this._reading !== undefined;
  }

  /** A row; undefined while its page is read again, or when there is none. */
  at(index: number): T | undefined {
    const page = this._pageOf(index);
    if (page === undefined) {
      return undefined;
    }
    page.usedAt = ++this._clock;
    if (page.rows === undefined) {
      void this._again(page);
    }
    return page.rows?.[index - page.start];
  }

  /** All rows in memory, in their order. */
  *held(): IterableIterator<T> {
    for (const page of this._pages) {
      yield* page.rows ?? [];
    }
  }

  /** Reads the next page, if there is one and none is under way. */
  async more(): Promise<void> {
    if (this._isWhole || this._reading !== undefined) {
      return;
    }
    const after = this._next;
    await this._alone(async () => {
      const { rows, next } = await this._read(after);
      if (rows.length > 0) {
        this._pages.push({ after, start: this.length, count: rows.length, rows, usedAt: ++this._clock });
      }
      this._next = next;
      this._isWhole = next === undefined;
      this._letGo();
    });
  }

  private async _again(page: IPage<T>): Promise<void> {
    if (this._reading !== undefined) {
      return;
    }
    await this._alone(async () => {
      page.rows = (await this._read(page.after)).rows.slice(0, page.count);
      this._letGo();
    });
  }

  private async _alone(work: () => Promise<void>): Promise<void> {
    this._reading = work();
    try {
      await this._reading;
      this._reading = undefined;
      this._onChange();
    } catch (error) {
      this._reading = undefined;
      this._onChange(error);
    }
  }

  private _letGo(): void {
    const held = this._pages.filter(({ rows }) => rows !== undefined);
    held
      .sort((one, other) => one.usedAt - other.usedAt)
      .slice(0, Math.max(0, held.length - PAGES_KEPT))
      .forEach(page => {
        page.rows = undefined;
      });
  }

  private _pageOf(index: number): IPage<T> | undefined {
    let low = 0;
    let high = this._pages.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const page = this._pages[middle]!;
      if (index < page.start) {
        high = middle - 1;
      } else if (index >= page.start + page.count) {
        low = middle + 1;
      } else {
        return page;
      }
    }
    return undefined;
  }

  private readonly _pages: IPage<T>[] = [];
  private _next: string | undefined;
  private _isWhole = false;
  private _reading: Promise<void> | undefined;
  private _clock = 0;
}
