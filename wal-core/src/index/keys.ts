import type { Image, IndexInfo } from '../api';
import { collationOf, field, foldedValue, indexKeys, type RawValue } from '../bson';
import type { MultikeyIndexes } from './multikey';

/** Compiles a filter to a test on raw documents. The query layer is above this one, so it comes as an argument. */
export type FilterCompiler = (filter: Image, collation?: Image) => (document: Image) => boolean;

/** What documents put into secondary indexes, partial filters included. */
export class IndexKeyMaker {
  private readonly filters = new Map<string, (document: Image) => boolean>();
  private readonly changes = new WeakMap<Image, { readonly change?: (value: RawValue) => RawValue }>();

  constructor(
    private readonly compile: FilterCompiler,
    readonly multikey: MultikeyIndexes
  ) {}

  /** Distinct keys of a document in an index; none for `undefined` (no document). */
  keys(index: IndexInfo, document: Image | undefined): readonly Buffer[] {
    if (document === undefined || !this.covers(index, document)) {
      return [];
    }
    const { keys, multikey } = indexKeys(document, index.key, {
      sparse: index.sparse,
      change: this.changeOf(index)
    });
    if (multikey) {
      this.multikey.note(index);
    }
    return keys;
  }

  /** What a collation makes of values; undefined for an index without one. */
  private changeOf({ spec }: IndexInfo): ((value: RawValue) => RawValue) | undefined {
    let known = this.changes.get(spec);
    if (known === undefined) {
      const source = field(spec, 'collation');
      const collation = source === undefined ? undefined : collationOf(source.bytes);
      known = collation === undefined ? {} : { change: value => foldedValue(value, collation) };
      this.changes.set(spec, known);
    }
    return known.change;
  }

  private covers(index: IndexInfo, document: Image): boolean {
    if (index.partialFilter === undefined) {
      return true;
    }
    const collation = field(index.spec, 'collation')?.bytes;
    const text = `${index.partialFilter.toString('latin1')}${collation?.toString('latin1') ?? ''}`;
    let test = this.filters.get(text);
    if (test === undefined) {
      test = this.compile(index.partialFilter, collation);
      this.filters.set(text, test);
    }
    return test(document);
  }
}
