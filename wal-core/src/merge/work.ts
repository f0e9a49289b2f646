import { createHash } from 'node:crypto';
import type { Answer, CollectionId, Conflict, DocKey, FieldPath, FieldValue, Image } from '../api';
import { field, sameValue } from '../bson';
import { idDocument } from '../diff/diff';
import { CATALOG } from '../read/catalog';
import type { FoundVersion } from '../read/versions';
import { type Answers, NO_ANSWERS } from './rules';
import { type FieldConflict, haveFields, mergeDocuments, sameImage, type Settle } from './threeway';

const OBJECT = 0x03;
/** Hex digits of a conflict's id: two of a million conflicts are alike once in 30 million plans. */
const CONFLICT_DIGITS = 16;

/** A document that a plan looks at: the three images it is decided from. */
export interface WorkItem {
  readonly collection: CollectionId;
  readonly collectionName: string;
  readonly key: DocKey;
  readonly base: Image | undefined;
  readonly ours: Image | undefined;
  /** Ours with its LSN; undefined when the document never was there, or when only the image is known. */
  readonly version?: FoundVersion | undefined;
  readonly theirs: Image | undefined;
  /** False when a later change is never merged into (undo): then the whole document is the conflict. */
  readonly byField: boolean;
  /** Others changed the document between the changes to undo: always a question, whatever the images say. */
  readonly isContested: boolean;
  /** The side that changed a path last, for a rule that asks. */
  readonly newest: (path: FieldPath) => 'ours' | 'theirs';
  /** For a catalog entry that comes back only when a document of its collection does: that collection. */
  readonly spareFor?: CollectionId;
  /** For a catalog entry that may go: its collection and the number of its documents on our side. */
  readonly dropped?: { readonly id: CollectionId; readonly documents: number };
}

/** A decided document. `result` undefined: it shall not be there. */
export interface Decision {
  readonly item: WorkItem;
  readonly result: Image | undefined;
  readonly conflicts: readonly Conflict[];
}

/**
 * Decides one document with the answers given so far; an unanswered conflict takes our side in the
 * preview. Undefined when the document stays as it is and nobody needs to be asked.
 */
export function decide(item: WorkItem, answers: Answers): Decision | undefined {
  const { base, ours, theirs } = item;
  if (sameImage(ours, theirs) || (sameImage(base, theirs) && !item.isContested)) {
    return undefined;
  }
  if (sameImage(base, ours) && !item.isContested) {
    return { item, result: theirs, conflicts: [] };
  }
  const conflicts: Conflict[] = [];
  const settle = (found: FieldConflict): FieldValue | undefined => {
    const conflict = conflictOf(item, found, answers);
    conflicts.push(conflict);
    return settled(found, conflict.answer);
  };
  let result: Image | undefined;
  const byField = item.byField && !item.isContested && haveFields(base, ours, theirs);
  if (byField && ours !== undefined && theirs !== undefined) {
    result =
      item.collection === CATALOG
        ? mergeDocuments(base, ours, theirs, found => settleCatalog(found, settle), isCatalogValue)
        : mergeDocuments(base, ours, theirs, settle);
  } else {
    const whole = (image: Image | undefined) =>
      image === undefined ? undefined : { type: OBJECT, bytes: image };
    result = settle({ path: [], base: whole(base), ours: whole(ours), theirs: whole(theirs) })?.bytes;
  }
  return conflicts.length === 0 && sameImage(result, ours) ? undefined : { item, result, conflicts };
}

/** Whether a document is one that a plan changes or asks about. */
export function isAffected(item: WorkItem): boolean {
  return decide(item, NO_ANSWERS) !== undefined;
}

/** An option of a collection, and an index: each is one thing, not a mixture of two. */
function isCatalogValue(path: FieldPath): boolean {
  return path.length === 2;
}

/** Two sides that made the same index gave it different ids: ours stays. */
function settleCatalog(found: FieldConflict, settle: Settle): FieldValue | undefined {
  const { path, ours, theirs } = found;
  if (path[0] === 'indexes' && ours !== undefined && theirs !== undefined) {
    const [mine, other] = [field(ours.bytes, 'spec'), field(theirs.bytes, 'spec')];
    if (mine !== undefined && other !== undefined && sameValue(mine, other)) {
      return ours;
    }
  }
  return settle(found);
}

function conflictOf(item: WorkItem, found: FieldConflict, answers: Answers): Conflict {
  const id = conflictId(item, found.path);
  const given = answers.get({
    id,
    collection: item.collectionName,
    path: found.path,
    newest: () => item.newest(found.path)
  });
  const answer = item.collection === CATALOG && !isCatalogAnswer(found, given) ? undefined : given;
  return {
    id,
    collection: item.collectionName,
    key: item.key,
    document: idDocument((item.ours ?? item.theirs ?? item.base)!),
    ...found,
    ...(answer === undefined ? {} : { answer })
  };
}

/** Whether an answer leaves an entry of a catalog whole: a side, and one that has what every entry has. */
export function isCatalogAnswer(conflict: FieldConflict, answer: Answer | undefined): boolean {
  return (
    answer !== undefined &&
    'take' in answer &&
    (conflict.path.length !== 1 || conflict[answer.take] !== undefined)
  );
}

function settled(conflict: FieldConflict, answer: Answer | undefined): FieldValue | undefined {
  if (answer === undefined) {
    return conflict.ours;
  }
  return 'take' in answer ? conflict[answer.take] : answer.value;
}

/** Stable within a plan: the same document and path always give the same id. */
function conflictId(item: WorkItem, path: FieldPath): string {
  const hash = createHash('sha256')
    .update(`${item.collection} ${JSON.stringify(path)} `)
    .update(item.key);
  return `c-${hash.digest('hex').slice(0, CONFLICT_DIGITS)}`;
}
