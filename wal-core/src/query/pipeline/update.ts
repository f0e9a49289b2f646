import type { RawValue } from '../../bson';
import type { QueryOptions } from '../api';
import { notImplemented } from '../error';

export function compileUpdatePipeline(
  _stages: readonly RawValue[],
  _options: QueryOptions
): (doc: Buffer) => Buffer {
  throw notImplemented('pipeline updates');
}
