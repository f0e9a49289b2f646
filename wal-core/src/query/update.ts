import type { RawValue } from '../bson';
import type { Update, UpdateOptions } from './api';
import { notImplemented } from './error';

/** `update` is the value of `u`: a document (type 3) or a pipeline (type 4). */
export function compileUpdate(_update: RawValue, _options: UpdateOptions = {}): Update {
  throw notImplemented('compileUpdate');
}
