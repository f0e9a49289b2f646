import {
  Cursor,
  documentOf,
  documentOfElements,
  elements,
  EMPTY_DOCUMENT,
  field,
  nameBytes,
  sameValue,
  T,
  TYPE_NAMES,
  values,
  type RawValue
} from '../../bson';
import type { Filter, Update, UpdateContext, UpdateOptions } from '../api';
import { queryError } from '../error';
import { orderOf } from '../order';
import { compileUpdatePipeline } from '../pipeline/update';
import { show, showId, showIdElement } from '../show';
import { startsWithDollar } from '../values';
import { applyNode, comparePathParts, createAt, placeOf } from './node';
import type { ModifierContext } from './modifier';
import { parseOperators, type ParsedOperators } from './parse';
import { MutableValue } from './tree';

/**
 * Compiles the `u` of an update command: a document of operators or a replacement (type 3),
 * or a pipeline (type 4).
 * @throws BAD_REQUEST with MongoDB's code in `data.mongoCode`
 */
export function compileUpdate(update: RawValue, options: UpdateOptions = {}): Update {
  const order = orderOf(options.collation);
  if (update.type === T.ARRAY) {
    if (options.arrayFilters?.length)
      throw queryError(9, 'arrayFilters may not be specified for pipeline-style updates');
    return new PipelineUpdate(values(update.bytes), options);
  }
  if (update.type !== T.OBJECT) throw queryError(9, 'Update argument must be either an object or an array');
  if (startsWithDollar(update.bytes)) return new OperatorUpdate(parseOperators(update.bytes, options, order));
  return new Replacement(update.bytes);
}

/** What modifiers may ask; computed only when they do. */
class Context implements ModifierContext {
  constructor(
    private readonly doc: Buffer,
    readonly isInsert: boolean,
    private readonly given: UpdateContext
  ) {}

  get id(): string {
    return showId(this.doc);
  }

  get idElement(): string {
    return showIdElement(this.doc);
  }

  get now(): number {
    return this.given.now ?? Date.now();
  }

  get timestamp(): bigint {
    return this.given.timestamp ?? (BigInt(Math.floor(this.now / 1000)) << 32n) | 1n;
  }
}

class OperatorUpdate implements Update {
  readonly kind = 'operators';
  readonly needsPosition: boolean;

  constructor(private readonly parsed: ParsedOperators) {
    this.needsPosition = parsed.needsPosition;
  }

  apply(doc: Buffer, context: UpdateContext = {}): Buffer {
    return finish(doc, this.run(doc, context, false), this.parsed.touchesId);
  }

  upsert(filter: Filter, context: UpdateContext = {}): Buffer {
    const seed = seedOf(filter);
    const out = this.run(seed, context, true);
    return idFirst(checkNewId(out, 53, "The '_id' value cannot be of type array"));
  }

  private run(doc: Buffer, context: UpdateContext, isInsert: boolean): Buffer {
    const root = MutableValue.of(doc);
    const state = {
      root,
      position: context.position,
      filters: this.parsed.filters,
      id: this.parsed.touchesId ? field(doc, '_id') : undefined,
      context: new Context(doc, isInsert, context)
    };
    applyNode(this.parsed.root, placeOf(root, []), state);
    return root.raw().bytes;
  }
}

class Replacement implements Update {
  readonly kind = 'replacement';
  readonly needsPosition = false;
  readonly countsAlways: boolean;

  constructor(private readonly replacement: Buffer) {
    this.countsAlways = field(replacement, '_id') === undefined;
    for (const { name } of elements(replacement)) {
      if (name.startsWith('$') && name !== '$db' && name !== '$ref' && name !== '$id') {
        throw queryError(
          52,
          `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`
        );
      }
    }
  }

  apply(doc: Buffer): Buffer {
    return finish(doc, withId(this.replacement, field(doc, '_id')));
  }

  upsert(filter: Filter): Buffer {
    const id = idOf(filter);
    const own = field(this.replacement, '_id');
    if (id !== undefined && own !== undefined && !sameValue(id, own)) throw altered(own);
    return idFirst(checkNewId(withId(this.replacement, id)));
  }
}

class PipelineUpdate implements Update {
  readonly kind = 'pipeline';
  readonly needsPosition = false;
  private readonly run: (doc: Buffer) => Buffer;

  constructor(stages: readonly RawValue[], options: UpdateOptions) {
    this.run = compileUpdatePipeline(stages, options);
  }

  apply(doc: Buffer): Buffer {
    return finish(doc, withId(this.run(doc), field(doc, '_id')));
  }

  upsert(filter: Filter): Buffer {
    const seed = seedOf(filter);
    const id = field(seed, '_id');
    const out = withId(this.run(seed), id);
    const own = field(out, '_id');
    if (id !== undefined && own !== undefined && !sameValue(id, own)) throw altered(own);
    return idFirst(checkNewId(out));
  }
}

/** @throws 54 (53 after operators) for an array, 53 for a regular expression or undefined, as `_id` of a new document */
function checkNewId(
  doc: Buffer,
  code = 54,
  isArray = "After applying the update to the document, the (immutable) field '_id' was found to be an array or array descendant."
): Buffer {
  const id = field(doc, '_id');
  if (id?.type === T.ARRAY) throw queryError(code, isArray);
  if (id?.type === T.REGEX || id?.type === T.UNDEFINED) {
    throw queryError(53, `The '_id' value cannot be of type ${TYPE_NAMES[id.type]}`);
  }
  return doc;
}

function immutable(path: string): Error {
  return queryError(66, `Performing an update on the path '${path}' would modify the immutable field '_id'`);
}

function altered(id: RawValue): Error {
  return queryError(
    66,
    `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${show(id)}`
  );
}

/** Checks that `_id` is as it was and puts it first; the same buffer when nothing changed. */
function finish(before: Buffer, after: Buffer, touchesId = true): Buffer {
  if (after === before || after.equals(before)) return before;
  if (!touchesId) return idFirst(after);
  const old = field(before, '_id');
  const now = field(after, '_id');
  if (old !== undefined && (now === undefined || !sameValue(old, now)))
    throw now === undefined ? immutable('_id') : altered(now);
  return idFirst(after);
}

const ID = nameBytes('_id');

/** The document with `_id` in front if it has one elsewhere. */
function idFirst(doc: Buffer): Buffer {
  const cursor = new Cursor(doc);
  if (!cursor.next() || cursor.named(ID)) return doc;
  const list = elements(doc);
  const id = list.find(e => e.name === '_id');
  return id === undefined ? doc : documentOfElements([id, ...list.filter(e => e !== id)].map(e => e.element));
}

function withId(doc: Buffer, id: RawValue | undefined): Buffer {
  if (id === undefined || field(doc, '_id') !== undefined) return doc;
  return documentOf([{ ...id, name: '_id' }, ...elements(doc)]);
}

/** `_id` as far as the filter fixes it. */
function idOf(filter: Filter): RawValue | undefined {
  const found = filter.equalities().filter(e => e.path === '_id');
  if (found.length > 1) throw twice('_id');
  return found[0]?.value;
}

function twice(path: string): Error {
  return queryError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
}

/** The document that the filter's equalities describe: what an upsert starts from. */
function seedOf(filter: Filter): Buffer {
  const equalities = [...filter.equalities()].sort((a, b) => comparePathParts(a.path, b.path));
  const paths = equalities.map(e => e.path);
  for (const [i, path] of paths.entries()) {
    if (paths.indexOf(path) < i) throw twice(path);
    const inner = paths.find(other => other.startsWith(`${path}.`));
    if (inner !== undefined) {
      throw queryError(
        54,
        `cannot infer query fields to set, both paths '${inner}' and '${path}' are matched`
      );
    }
  }
  const root = MutableValue.of(EMPTY_DOCUMENT);
  for (const { path, value } of equalities) createAt(placeOf(root, path.split('.')), value);
  return idFirst(root.raw().bytes);
}
