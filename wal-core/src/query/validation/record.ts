import { arrayOf, documentOf, type RawValue } from '../../bson';
import { array, object } from '../values';

/** One document of the details of a failed validation. */
export type Detail = RawValue;

/** A document value of these fields. */
export function record(...fields: readonly (readonly [string, RawValue])[]): Detail {
  return object(documentOf(fields.map(([name, { type, bytes }]) => ({ name, type, bytes }))));
}

/** An array value. */
export function listOf(items: readonly RawValue[]): RawValue {
  return array(arrayOf(items));
}
