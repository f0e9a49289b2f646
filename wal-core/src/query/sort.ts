import type { QueryOptions, Sort } from './api';
import { notImplemented } from './error';

export function compileSort(_sort: Buffer, _options: QueryOptions = {}): Sort {
  throw notImplemented('compileSort');
}
