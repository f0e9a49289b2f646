import { ArgonError, type DocKey, type Lsn } from '@argon/wal-core';

/**
 * Where a page of documents ended: behind a key of the store, or behind so many results. `plan` says which index
 * was used, so that the next page comes in the same order whatever a planner would think by then.
 */
export type PageMark = { readonly lsn: Lsn; readonly plan: string } & (
  { readonly key: DocKey } | { readonly skip: number }
);

/** A mark as text. */
export function markText(mark: PageMark): string {
  const where = 'key' in mark ? `k${mark.key.toString('hex')}` : `s${mark.skip}`;
  return `${mark.lsn}.${where}.${Buffer.from(mark.plan).toString('base64url')}`;
}

/** @throws BAD_REQUEST for a text that is no mark, or one of another state */
export function readMark(text: string, lsn: Lsn): PageMark {
  const [, of, kind, where, plan] =
    /^(\d{1,16})\.(k|s)((?:[0-9a-f]{2})+|\d{1,15})\.([\w-]*)$/.exec(text) ?? [];
  if (of === undefined || where === undefined || (kind === 's' && !/^\d+$/.test(where))) {
    throw new ArgonError('BAD_REQUEST', 'The page mark is not one that was given with a page.', {
      data: { after: text }
    });
  }
  if (Number(of) !== lsn) {
    throw new ArgonError(
      'BAD_REQUEST',
      `The page mark belongs to LSN ${of}, and the ref means LSN ${lsn} now. Ask for further pages by ` +
        'the `state.ref` that came with the first.',
      { data: { after: text, lsn } }
    );
  }
  const named = { lsn, plan: Buffer.from(plan ?? '', 'base64url').toString() };
  return kind === 'k' ? { ...named, key: Buffer.from(where, 'hex') } : { ...named, skip: Number(where) };
}
