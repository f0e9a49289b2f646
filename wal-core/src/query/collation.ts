import { field, T } from '../bson';
import { notImplemented, queryError } from './error';
import { textOf } from './values';

/** Only the simple collation (binary order) is known; others are refused rather than ignored. */
export function checkCollation(collation: Buffer | undefined): void {
  if (collation === undefined || collation.length === 5) return;
  const locale = field(collation, 'locale');
  if (locale === undefined)
    throw queryError(40414, "BSON field 'collation.locale' is missing but a required field");
  if (locale.type !== T.STRING) throw queryError(14, "BSON field 'collation.locale' is the wrong type");
  if (textOf(locale) !== 'simple') throw notImplemented(`collation '${textOf(locale)}'`);
}
