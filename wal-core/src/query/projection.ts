import type { Projection, QueryOptions } from './api';
import { notImplemented } from './error';

/** `projection` as `find` takes it. The positional `$` needs the filter's position at `apply`. */
export function compileProjection(_projection: Buffer, _options: QueryOptions = {}): Projection {
  throw notImplemented('compileProjection');
}
