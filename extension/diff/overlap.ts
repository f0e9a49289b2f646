import type { TranslationBundle } from '@jupyterlab/translation';
import type { Diff, DocumentDiff, MergeOverlapResult } from '../client/protocol';
import { count } from '../format/count';
import { pinned } from '../model/refs';

/** Whether a merge would ask about a document that both sides have changed. */
export type OverlapMark = MergeOverlapResult['marks'][number];

/** What both sides of a diff have changed, as a merge will find it. */
export interface IOverlap extends MergeOverlapResult {
  /** The branch at the other side. */
  readonly branch: string;
}

/**
 * What a diff is to be merged with: the state that it begins at, or the head of that branch when this is a past
 * state, as in a diff since the fork. Undefined between states of one branch, and where one has no branch.
 */
export function otherSide({
  from,
  to
}: Pick<Diff, 'from' | 'to'>): { readonly branch: string; readonly ref: string } | undefined {
  const { branch } = from;
  return branch === undefined || to.branch === undefined || branch === to.branch
    ? undefined
    : { branch, ref: from.writable ? pinned(from) : branch };
}

/** What names a document in a diff. */
export function keyOf({ collection, id }: Pick<DocumentDiff, 'collection' | 'id'>): string {
  return JSON.stringify([collection, id]);
}

/** The sentence of the summary strip; undefined when there is nothing to say. */
export function overlapText(overlap: IOverlap, trans: TranslationBundle): string | undefined {
  const { documents, asked, more, branch } = overlap;
  const n = count(documents);
  if (documents === 0) {
    return undefined;
  }
  if (more) {
    return trans.__(
      'At least %1 documents were also changed on %2: a merge will ask about %3 of them, or more',
      n,
      branch,
      count(asked)
    );
  }
  if (asked === documents) {
    return trans._n(
      '%2 document was also changed on %3: a merge will ask about it',
      '%2 documents were also changed on %3: a merge will ask about them',
      documents,
      n,
      branch
    );
  }
  return asked === 0
    ? trans._n(
        '%2 document was also changed on %3: a merge joins both by rule',
        '%2 documents were also changed on %3: a merge joins both by rule',
        documents,
        n,
        branch
      )
    : trans.__(
        '%1 documents were also changed on %2: a merge will ask about %3 of them',
        n,
        branch,
        count(asked)
      );
}
