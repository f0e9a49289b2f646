import type { TranslationBundle } from '@jupyterlab/translation';
import type { ParsedQuery } from './queryText';

/** What is wrong with a typed query, and where. */
export function troubleText(
  { trouble, at, what }: Exclude<ParsedQuery, { readonly query: unknown }>,
  trans: TranslationBundle
): string {
  const place = at + 1;
  switch (trouble) {
    case 'end':
      return trans.__('The filter ends too soon: a value or a bracket is missing.');
    case 'token':
      return trans.__('%1 is not expected at character %2.', JSON.stringify(what), place);
    case 'number':
      return trans.__('There is no such number at character %1.', place);
    case 'string':
      return trans.__('The text that begins at character %1 has no end.', place);
    case 'regex':
      return trans.__('The regular expression at character %1 has no end.', place);
    case 'call':
      return trans.__('%1 at character %2 cannot take that.', `${what}()`, place);
    case 'name':
      return trans.__('%1 at character %2 is no value; a text needs quotes.', what, place);
    case 'deep':
      return trans.__('The filter has too many brackets inside each other.');
    case 'object':
      return trans.__('A filter is an object, such as { species: "Gentoo" }.');
  }
}
