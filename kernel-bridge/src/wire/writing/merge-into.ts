import { setImmediate as yieldToLoop } from 'node:timers/promises';
import {
  EMPTY_DOCUMENT,
  NULL_VALUE,
  T,
  arrayOf,
  compileFilter,
  compileUpdate,
  docKeyOf,
  documentOf,
  elements,
  field,
  type CollectionInfo,
  type DocKey,
  type Image,
  type QueryOptions,
  type RawElement,
  type RawValue,
  type Writer
} from '@argon/wal-core';
import { decode } from '../arguments';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { WRITE_SLICE_MAX } from '../limits';
import type { WritePlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun } from '../query';
import type { WriteTerms } from './apply';
import { noteWrite } from './batch-result';
import { commitChange } from './commit';
import { checkUpdated, toStored } from './document';
import { statementFailure } from './failure';
import { emptySlice, type SliceResult } from './slice';
import { checkValidator } from './validator';

/** A `$merge` stage, read. */
export interface MergeStage {
  readonly on: readonly string[];
  readonly whenMatched: 'replace' | 'keepExisting' | 'merge' | 'fail' | { readonly pipeline: RawValue };
  readonly whenNotMatched: 'insert' | 'discard' | 'fail';
  /** Raw `let`: expressions on the incoming document, as variables of the pipeline. */
  readonly let?: Buffer;
}

/** `$merge`: brings the documents of a pipeline into a collection, in slices, each document on its own. */
export async function mergeInto(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  stage: MergeStage,
  source: AsyncIterable<readonly Buffer[]>,
  terms: WriteTerms,
  options: QueryOptions
): Promise<void> {
  const byId = stage.on.length === 1 && stage.on[0] === '_id';
  if (!byId) {
    checkUniqueIndex(context, place, collection, stage.on);
  }
  for await (const batch of source) {
    for (let at = 0; at < batch.length; at += WRITE_SLICE_MAX) {
      context.operation.check();
      const documents = batch.slice(at, at + WRITE_SLICE_MAX);
      if (byId) {
        await writeSlice(context, place, collection, writer => {
          const slice = emptySlice();
          for (const raw of documents) {
            const document = toStored(raw, terms.nextTimestamp);
            mergeOne(writer, collection, docKeyOf(document), document, stage, terms, options, slice);
          }
          return slice;
        });
      } else {
        for (const raw of documents) {
          const key = await find(context, place, collection, raw, stage.on);
          await writeSlice(context, place, collection, writer => {
            const slice = emptySlice();
            mergeOne(writer, collection, key, raw, stage, terms, options, slice);
            return slice;
          });
        }
      }
      await yieldToLoop();
    }
  }
}

async function writeSlice(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  change: (writer: Writer) => SliceResult
): Promise<void> {
  try {
    const { result, commit } = await commitChange(context, place, change);
    noteCommit(context, commit);
    noteWrite(context, collection, { ...result, commit });
  } catch (error) {
    const failure = statementFailure(error, `${context.database}.${collection}`);
    throw new MongoError(
      failure.code,
      `PlanExecutor error during aggregation :: caused by :: ${failure.message}`,
      {
        fields: failure.fields,
        cause: error
      }
    );
  }
}

/** Merges one document; `key` is that of the document it meets, if it meets one. */
function mergeOne(
  writer: Writer,
  name: string,
  key: DocKey | undefined,
  incoming: Image,
  stage: MergeStage,
  terms: WriteTerms,
  options: QueryOptions,
  slice: SliceResult
): void {
  const collection = writer.ensureCollection(name);
  const before = key === undefined ? undefined : writer.get(collection, key);
  if (before === undefined || key === undefined) {
    insertUnmatched(writer, collection, incoming, stage, terms, slice);
    return;
  }
  const after = merged(before, incoming, stage, terms, options);
  if (after === before || after.equals(before)) {
    return;
  }
  checkUpdated(after);
  checkValidator(terms, collection, after, before);
  writer.replace(collection, key, after);
  slice.updates++;
}

function insertUnmatched(
  writer: Writer,
  collection: CollectionInfo,
  incoming: Image,
  stage: MergeStage,
  terms: WriteTerms,
  slice: SliceResult
): void {
  if (stage.whenNotMatched === 'discard') {
    return;
  }
  if (stage.whenNotMatched === 'fail') {
    throw new MongoError(
      'MergeStageNoMatchingDocument',
      '$merge could not find a matching document in the target collection for at least one document in the source collection'
    );
  }
  // mongod upserts here: with `$set`, which sorts the fields, unless the document is taken as it is.
  const sets = stage.whenMatched === 'merge' || stage.whenMatched === 'keepExisting';
  const [id, ...rest] = elements(toStored(incoming, terms.nextTimestamp));
  const document = documentOf([id!, ...(sets ? inSetOrder(rest) : rest)]);
  checkValidator(terms, collection, document);
  writer.insert(collection, document);
  slice.inserts++;
}

function merged(
  before: Image,
  incoming: Image,
  stage: MergeStage,
  terms: WriteTerms,
  options: QueryOptions
): Image {
  switch (stage.whenMatched) {
    case 'keepExisting':
      return before;
    case 'fail':
      throw alreadyThere(before, stage.on);
    case 'replace':
      return replacing(before, incoming);
    case 'merge':
      return withFields(before, incoming);
    default: {
      // The pipeline sees the incoming document as $$new.
      const own = stage.let === undefined ? [] : variablesOf(stage.let, options, incoming);
      const names = new Set(own.map(({ name }) => name));
      const outer = elements(options.let ?? EMPTY_DOCUMENT).filter(({ name }) => !names.has(name));
      const variables = documentOf([
        ...outer,
        ...own,
        ...(names.has('new') ? [] : [{ name: 'new', type: T.OBJECT, bytes: incoming }])
      ]);
      const update = compileUpdate(stage.whenMatched.pipeline, { ...options, let: variables });
      return update.apply(before, { now: terms.now });
    }
  }
}

/** The variables of a `let`, computed from a document. */
function variablesOf(expressions: Buffer, options: QueryOptions, incoming: Image): RawElement[] {
  const stage = documentOf([{ name: '$replaceWith', type: T.OBJECT, bytes: expressions }]);
  const pipeline = { type: T.ARRAY, bytes: arrayOf([{ type: T.OBJECT, bytes: stage }]) };
  // An update keeps the `_id`, which is no variable.
  return elements(compileUpdate(pipeline, options).apply(incoming)).filter(({ name }) => name !== '_id');
}

function alreadyThere(before: Image, on: readonly string[]): MongoError {
  const keyPattern = Object.fromEntries(on.map(path => [path, 1]));
  const keyValue = Object.fromEntries(on.map(path => [path, decode(valueAt(before, path) ?? NULL_VALUE)]));
  return new MongoError(
    'DuplicateKey',
    "$merge with whenMatched: fail found an existing document with the same values for the 'on' fields",
    { fields: { keyPattern, keyValue } }
  );
}

/** `incoming` with the `_id` of `before` in front. */
function replacing(before: Image, incoming: Image): Image {
  const [id] = elements(withFields(documentOf([{ name: '_id', ...field(before, '_id')! }]), incoming));
  return documentOf([id!, ...elements(incoming).filter(({ name }) => name !== '_id')]);
}

/** New fields in the order in which mongod's own `$set` adds them. */
function inSetOrder<E extends { readonly name: string }>(fields: E[]): E[] {
  return fields.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `before` with the top-level fields of `incoming` in the place of its own, new ones at the end. */
function withFields(before: Image, incoming: Image): Image {
  const fresh = new Map(elements(incoming).map(element => [element.name, element]));
  const id = fresh.get('_id');
  const own = field(before, '_id')!;
  if (id !== undefined && !(id.type === own.type && id.bytes.equals(own.bytes))) {
    throw new MongoError(
      'ImmutableField',
      '$merge failed to update the matching document, did you attempt to modify the _id or the shard key?'
    );
  }
  const kept = elements(before).map(element => fresh.get(element.name) ?? element);
  const names = new Set(kept.map(element => element.name));
  return documentOf([...kept, ...inSetOrder([...fresh.values()].filter(({ name }) => !names.has(name)))]);
}

/** Key of the document whose `on` fields equal those of `incoming`. */
async function find(
  context: CommandContext,
  place: WritePlace,
  name: string,
  incoming: Image,
  on: readonly string[]
): Promise<DocKey | undefined> {
  const conditions = on.map(path => {
    const value = valueAt(incoming, path);
    if (
      value === undefined ||
      value.type === T.NULL ||
      value.type === T.UNDEFINED ||
      value.type === T.ARRAY
    ) {
      throw new MongoError(
        51132,
        `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`
      );
    }
    return { name: path, type: T.OBJECT, bytes: documentOf([{ name: '$eq', ...value }]) };
  });
  const filter = compileFilter(documentOf(conditions));
  const snapshot = context.services.engine.resolve(place.project, place.branch);
  const collection = snapshot.collection(name);
  const query = { filter, sort: undefined, projection: undefined, skip: 0, limit: 1 };
  const plan = choosePlan(context.services.engine, snapshot, collection, filter, undefined, undefined);
  const run = new QueryRun(snapshot, collection, plan, query, context.operation);
  for await (const [image] of run.documents()) {
    if (image !== undefined) {
      return docKeyOf(image);
    }
  }
  return undefined;
}

function valueAt(document: Image, path: string): RawValue | undefined {
  let value: RawValue | undefined = { type: T.OBJECT, bytes: document };
  for (const step of path.split('.')) {
    value = value?.type === T.OBJECT ? field(value.bytes, step) : undefined;
  }
  return value;
}

function checkUniqueIndex(
  context: CommandContext,
  place: WritePlace,
  name: string,
  on: readonly string[]
): void {
  const info = context.services.engine.resolve(place.project, place.branch).collection(name);
  const fits = info?.indexes.some(({ unique, partialFilter, key }) => {
    const paths = elements(key).map(element => element.name);
    return (
      unique &&
      partialFilter === undefined &&
      paths.length === on.length &&
      on.every(path => paths.includes(path))
    );
  });
  if (fits !== true) {
    throw new MongoError(51183, 'Cannot find index to verify that join fields will be unique');
  }
}
