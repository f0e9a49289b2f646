import {
  ArgonError,
  documentToExtendedJson,
  field,
  diffFields,
  fromExtendedJson,
  toExtendedJson,
  TYPE_NAMES,
  type Answer as EngineAnswer,
  type Change as EngineChange,
  type Conflict as EngineConflict,
  type Diff as EngineDiff,
  type DocumentDiff as EngineDocumentDiff,
  type FieldChange as EngineFieldChange,
  type FieldValue,
  type Image
} from '@argon/wal-core';
import { defined } from '../defined';
import { presentCatalog, presentOrigin, presentState } from './present';
import type {
  Answer,
  Change,
  Conflict,
  Diff,
  DocumentDiff,
  ExtendedJson,
  FieldChange,
  Value
} from './protocol';

/** A value, or the fact that there is none. */
export function presentValue(value: FieldValue | undefined): Value {
  return value === undefined
    ? { missing: true }
    : { type: TYPE_NAMES[value.type] ?? `0x${value.type.toString(16)}`, value: toExtendedJson(value) };
}

/** A document, such as a key pattern or options. */
export function presentDocument(image: Image): ExtendedJson {
  return documentToExtendedJson(image);
}

/** The `_id` of a document. */
export function presentId(image: Image): ExtendedJson {
  const id = field(image, '_id');
  return id === undefined ? null : toExtendedJson(id);
}

function presentFields(fields: readonly EngineFieldChange[]): FieldChange[] {
  return fields.map(({ path, before, after }) => ({
    path: [...path],
    before: presentValue(before),
    after: presentValue(after)
  }));
}

/** A change of history; its fields are found from the images. */
export function presentChange(change: EngineChange): Change {
  const { before, after } = change;
  const image = after ?? before;
  return defined<Change>({
    lsn: change.lsn,
    timeline: change.timeline,
    branch: change.branch,
    collection: change.collection,
    id: image === undefined ? null : presentId(image),
    op: change.op,
    time: change.time.toISOString(),
    origin: presentOrigin(change.origin),
    before: before && documentToExtendedJson(before),
    after: after && documentToExtendedJson(after),
    fields: before && after ? presentFields(diffFields(before, after)) : []
  });
}

export function presentDocumentDiff(diff: EngineDocumentDiff): DocumentDiff {
  return defined<DocumentDiff>({
    collection: diff.collection,
    id: presentId(diff.id),
    op: diff.op,
    fields: presentFields(diff.fields),
    before: diff.before && documentToExtendedJson(diff.before),
    after: diff.after && documentToExtendedJson(diff.after)
  });
}

export function presentDiff(diff: EngineDiff): Diff {
  return defined<Diff>({
    from: presentState(diff.from),
    to: presentState(diff.to),
    summary: diff.summary.map(({ collection, added, changed, deleted }) => ({
      collection,
      added,
      changed,
      deleted
    })),
    catalog: presentCatalog(diff.catalog),
    documents: diff.documents.map(presentDocumentDiff),
    next: diff.next
  });
}

export function presentConflict(conflict: EngineConflict): Conflict {
  return defined<Conflict>({
    id: conflict.id,
    collection: conflict.collection,
    document: presentId(conflict.document),
    path: [...conflict.path],
    base: presentValue(conflict.base),
    ours: presentValue(conflict.ours),
    theirs: presentValue(conflict.theirs),
    answer: conflict.answer && presentAnswer(conflict.answer)
  });
}

function presentAnswer(answer: EngineAnswer): Answer {
  if ('take' in answer) {
    return { take: answer.take };
  }
  return answer.value === undefined ? { missing: true } : { value: toExtendedJson(answer.value) };
}

/** An answer as the engine takes it. @throws BAD_REQUEST when it is not exactly one of take, value, missing */
export function readAnswer(answer: Answer): EngineAnswer {
  const said = (['take', 'value', 'missing'] as const).filter(key => Object.hasOwn(answer, key));
  if (said.length !== 1 || answer.missing === false) {
    throw new ArgonError('BAD_REQUEST', 'An answer is exactly one of `take`, `value` and `missing: true`.');
  }
  if (answer.take !== undefined) {
    return { take: answer.take };
  }
  return { value: said[0] === 'missing' ? undefined : fromExtendedJson(answer.value) };
}
