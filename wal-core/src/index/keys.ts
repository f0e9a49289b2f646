import type { Image, IndexInfo } from '../api';
import { indexKeys } from '../bson';
import type { MultikeyIndexes } from './multikey';

/** Compiles a filter to a test on raw documents. The query layer is above this one, so it comes as an argument. */
export type FilterCompiler = (filter: Image) => (document: Image) => boolean;

/** What documents put into secondary indexes, partial filters included. */
export class IndexKeyMaker {
  private readonly filters = new Map<string, (document: Image) => boolean>();

  constructor(
    private readonly compile: FilterCompiler,
    readonly multikey: MultikeyIndexes
  ) {}

  /** Distinct keys of a document in an index; none for `undefined` (no document). */
  keys(index: IndexInfo, document: Image | undefined): readonly Buffer[] {
    if (document === undefined || !this.covers(index, document)) {
      return [];
    }
    const { keys, multikey } = indexKeys(document, index.key, { sparse: index.sparse });
    if (multikey) {
      this.multikey.note(index);
    }
    return keys;
  }

  private covers(index: IndexInfo, document: Image): boolean {
    if (index.partialFilter === undefined) {
      return true;
    }
    const text = index.partialFilter.toString('latin1');
    let test = this.filters.get(text);
    if (test === undefined) {
      test = this.compile(index.partialFilter);
      this.filters.set(text, test);
    }
    return test(document);
  }
}
