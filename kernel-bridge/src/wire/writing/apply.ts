import {
  T,
  field,
  type CollectionInfo,
  type DocKey,
  type Image,
  type RawValue,
  type UpdateContext,
  type Writer
} from '@argon/wal-core';
import type { CapKeeper } from '../capped/keeper';
import { MongoError } from '../errors';
import { checkUpdated, idOf, toStored } from './document';
import type { Statement } from './statement';
import { checkValidator } from './validator';

/** What a statement did to one document. */
export type Effect =
  | { readonly kind: 'none' }
  | { readonly kind: 'updated'; readonly before: Image; readonly after: Image; readonly changed: boolean }
  | { readonly kind: 'removed'; readonly before: Image }
  | { readonly kind: 'upserted'; readonly after: Image; readonly id: RawValue };

/** What holds for all writes of one command. */
export interface WriteTerms {
  readonly now: number;
  /** A new BSON timestamp each time. */
  readonly nextTimestamp: () => bigint;
  /** False with `bypassDocumentValidation`. */
  readonly validates: boolean;
  /** Set on a capped collection. */
  readonly cap?: CapKeeper;
}

const NONE: Effect = { kind: 'none' };

/** What an update is told beside the document. Few ask for the timestamp, which is the same whenever they do. */
class Moment implements UpdateContext {
  private made: bigint | undefined;

  constructor(
    private readonly terms: WriteTerms,
    readonly position: string | undefined
  ) {}

  get now(): number {
    return this.terms.now;
  }

  get timestamp(): bigint {
    return (this.made ??= this.terms.nextTimestamp());
  }
}

/** The terms of a command: a clock that stands still for it, and timestamps that go on. */
export function writeTerms(
  options: { readonly now?: number | undefined; readonly validates?: boolean } = {}
): WriteTerms {
  const now = options.now ?? Date.now();
  let increment = 0n;
  const seconds = BigInt(Math.floor(now / 1000)) << 32n;
  return { now, nextTimestamp: () => seconds | ++increment, validates: options.validates ?? true };
}

/**
 * Applies a statement to the document of this key if it (still) matches, in the middle of a write: what another
 * writer did in between is seen here. Stages at most one record.
 */
export function applyTo(
  writer: Writer,
  collection: CollectionInfo,
  key: DocKey,
  statement: Statement,
  terms: WriteTerms
): Effect {
  const before = writer.get(collection, key);
  if (before === undefined) {
    return NONE;
  }
  const { matched, position } = match(statement, before);
  if (!matched) {
    return NONE;
  }
  if (statement.update === undefined) {
    writer.remove(collection, key);
    return { kind: 'removed', before };
  }
  const after = statement.update.apply(before, new Moment(terms, position));
  if (after === before) {
    return { kind: 'updated', before, after: before, changed: statement.update.countsAlways === true };
  }
  checkUpdated(after);
  checkValidator(terms, collection, after, before);
  writer.replace(collection, key, after, statement.update.kind === 'replacement');
  return { kind: 'updated', before, after, changed: true };
}

/** Inserts the document an upsert that matched nothing makes. */
export function insertUpserted(
  writer: Writer,
  name: string,
  statement: Statement,
  terms: WriteTerms
): Effect {
  const made = statement.update!.upsert(statement.filter, {
    now: terms.now,
    timestamp: terms.nextTimestamp()
  });
  if (field(made, '_id')?.type === T.ARRAY) {
    throw new MongoError(
      'NotSingleValueField',
      "After applying the update to the document, the (immutable) field '_id' was found to be an array or array descendant."
    );
  }
  const after = toStored(made, terms.nextTimestamp);
  const id = idOf(after);
  checkUpdated(after);
  const collection = writer.ensureCollection(name);
  checkValidator(terms, collection, after);
  writer.insert(collection, after);
  terms.cap?.inserted(writer, collection, after);
  return { kind: 'upserted', after, id };
}

/** Applies a statement whose filter names the `_id`; upserts when it may. */
export function applyByKey(writer: Writer, name: string, statement: Statement, terms: WriteTerms): Effect {
  const collection = writer.collection(name);
  const effect =
    collection === undefined ? NONE : applyTo(writer, collection, statement.key!, statement, terms);
  return effect.kind === 'none' && statement.upsert ? insertUpserted(writer, name, statement, terms) : effect;
}

function match({ filter, update }: Statement, image: Image): { matched: boolean; position?: string } {
  return update?.needsPosition === true
    ? filter.matchWithPosition(image)
    : { matched: filter.matches(image) };
}
