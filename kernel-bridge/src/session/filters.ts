import { compileFilter, type Filter } from '@argon/wal-core';

/** Different filters that are kept of what one cell read. */
export const CELL_FILTERS_MAX = 64;
/** Bytes of these. */
export const CELL_FILTER_BYTES_MAX = 16 * 1024;

/**
 * What makes a filter answer differently when it is asked again: variables (`$$NOW`, those of `let`), chance, code.
 * A filter that has one of these in a string only is taken for one too, which costs precision and nothing else.
 */
const UNSTEADY = ['$$', '$rand', '$sampleRate', '$where', '$function'].map(text => Buffer.from(text));

/** How many filters, and of how many bytes, one cell has kept. */
export class FilterBudget {
  private filters = 0;
  private bytes = 0;

  take(bytes: number): boolean {
    if (this.filters >= CELL_FILTERS_MAX || this.bytes + bytes > CELL_FILTER_BYTES_MAX) {
      return false;
    }
    this.filters++;
    this.bytes += bytes;
    return true;
  }
}

/** Which documents of a collection a cell asked for: what some filters match, or the whole collection. */
export class ReadFilters {
  private kept: Map<string, { readonly source: Buffer; readonly collation?: Buffer }> | undefined = new Map();

  constructor(private readonly budget: FilterBudget) {}

  /** Whether every change of the collection counts. */
  get isWhole(): boolean {
    return this.kept === undefined;
  }

  /** The cell read what a filter matches; undefined: everything. Beyond the budget that counts as everything too. */
  add(filter: Filter | undefined): void {
    if (this.kept === undefined) {
      return;
    }
    if (filter === undefined || filter.isEmpty || UNSTEADY.some(text => filter.source.includes(text))) {
      this.kept = undefined;
      return;
    }
    const { source, options } = filter;
    const { collation } = options;
    const key = `${source.toString('latin1')}\0${collation?.toString('latin1') ?? ''}`;
    if (this.kept.has(key)) {
      return;
    }
    if (!this.budget.take(key.length)) {
      this.kept = undefined;
      return;
    }
    // The bytes may lie in a message, which would stay in memory as long as they do.
    this.kept.set(key, {
      source: Buffer.from(source),
      ...(collation === undefined ? {} : { collation: Buffer.from(collation) })
    });
  }

  /** What another read asked for counts here too. */
  absorb(other: ReadFilters): void {
    if (this.kept !== undefined && other.kept !== undefined) {
      other.kept.forEach((filter, key) => this.kept?.set(key, filter));
    } else {
      this.kept = undefined;
    }
  }

  /** A test of one image, undefined where there is none; what cannot be told counts as matched. */
  compile(): (image: Buffer | undefined) => boolean {
    if (this.kept === undefined) {
      return () => true;
    }
    const filters = [...this.kept.values()].map(({ source, ...options }) => compileFilter(source, options));
    return image => image !== undefined && filters.some(filter => mayMatch(filter, image));
  }
}

function mayMatch(filter: Filter, image: Buffer): boolean {
  try {
    return filter.matches(image);
  } catch {
    // An expression that fails on this document: the read would fail, which is news too.
    return true;
  }
}
