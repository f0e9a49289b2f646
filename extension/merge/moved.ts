import type { Change } from '../client/protocol';
import { documentKey, type IConflictDocument } from './conflicts';

/** Changes that are read to say what moved a head. */
export const MOVED_MAX = 100;

/** What has happened on a branch since a plan was made. */
export interface IMoved {
  /** The changed documents, oldest first. */
  readonly documents: readonly Pick<Change, 'collection' | 'id'>[];
  /** Whether there may be more of them. */
  readonly isMore: boolean;
  /** Whose change was last, and when. */
  readonly last: Pick<Change, 'origin' | 'time'>;
  /** Whether it was one person. */
  readonly isOne: boolean;
}

/** Sums up changes, oldest first; undefined when there are none. */
export function movedBy(changes: readonly Change[], isMore: boolean): IMoved | undefined {
  const last = changes.at(-1);
  if (last === undefined) {
    return undefined;
  }
  const documents = new Map(changes.map(change => [keyOf(change), change]));
  return {
    documents: [...documents.values()],
    isMore,
    last,
    isOne: !isMore && changes.every(({ origin }) => origin.actor === last.origin.actor)
  };
}

/** How many documents with a question have changed; undefined when not all changes are known. */
export function touched(
  { documents, isMore }: IMoved,
  groups: readonly IConflictDocument[]
): number | undefined {
  const changed = new Set(documents.map(keyOf));
  return isMore ? undefined : groups.filter(({ key }) => changed.has(key)).length;
}

function keyOf({ collection, id }: Pick<Change, 'collection' | 'id'>): string {
  return documentKey({ collection, document: id });
}
