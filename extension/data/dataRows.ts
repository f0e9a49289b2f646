import type { ExtendedJson, FieldChange } from '../client/protocol';
import type { IRead } from './pages';
import type { Requests } from './requests';

/** A row: a document, or how it differs from the other state. */
export interface IDataRow {
  readonly id: ExtendedJson;
  /** The document as the state has it, or had it when it is only in the other; undefined when it is too large. */
  readonly document: ExtendedJson;
  readonly bytes?: number;
  /** Set in a comparison. */
  readonly op?: 'insert' | 'update' | 'delete';
  readonly before?: ExtendedJson;
  readonly fields?: readonly FieldChange[];
}

/** Field paths and directions, the first one counts most. */
export type Sorting = readonly (readonly [path: string, direction: 1 | -1])[];

/** One page of an answer: of which state and query, and behind which row. */
export interface IPageQuery {
  readonly project: string;
  readonly ref: string;
  readonly collection: string;
  readonly filter: Readonly<Record<string, ExtendedJson>>;
  readonly limit: number;
  readonly after?: string;
}

/** Documents that fit, with how they were found: an index, a scan … */
export async function readDocuments(
  requests: Requests,
  query: IPageQuery,
  sort: Sorting
): Promise<IRead<IDataRow> & { readonly found: string }> {
  const page = await requests.call('documents.find', { ...query, sort: Object.fromEntries(sort) });
  const rows = page.documents.map(({ id, bytes, document }) => ({ id, bytes, document }));
  return { rows, next: page.next, found: page.read };
}

/** Documents that fit in one of two states and differ. */
export async function readComparison(
  requests: Requests,
  { ref, ...query }: IPageQuery,
  other: string
): Promise<IRead<IDataRow>> {
  const page = await requests.call('documents.compare', { ...query, from: other, to: ref });
  const rows = page.documents.map(({ id, op, fields, before, after: now }) => ({
    id,
    op,
    fields,
    document: op === 'delete' ? (now ?? before) : now,
    ...(before === undefined ? {} : { before })
  }));
  return { rows, next: page.next };
}
