import type { Filter, QueryOptions } from './api';
import { notImplemented } from './error';

export function compileFilter(_filter: Buffer, _options: QueryOptions = {}): Filter {
  throw notImplemented('compileFilter');
}
