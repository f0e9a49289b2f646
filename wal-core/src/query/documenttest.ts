import type { Image } from '../api';
import { compileFilter } from './filter';

/** A filter as a test on documents, for who knows no more of queries than that. */
export function documentTest(filter: Image, collation?: Image): (document: Image) => boolean {
  const compiled = compileFilter(filter, collation === undefined ? {} : { collation });
  return document => compiled.matches(document);
}
