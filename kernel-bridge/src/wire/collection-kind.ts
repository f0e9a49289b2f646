import { T, field, parseCollation, values, type CollectionInfo, type Snapshot } from '@argon/wal-core';
import { numberOf, stringOf } from './arguments';
import { MongoError } from './errors';

/** What a view shows: the documents of another collection or view, through a pipeline. */
export interface View {
  readonly on: string;
  readonly stages: readonly Buffer[];
}

/** How much a capped collection holds at most. */
export interface Cap {
  readonly bytesMax: number;
  /** Infinity: as many documents as fit. */
  readonly documentsMax: number;
}

/** Views upon views that are followed. */
export const VIEW_DEPTH_MAX = 20;

/** The view a collection's options make of it; undefined for a collection of documents. */
export function viewOf(info: Pick<CollectionInfo, 'options'> | undefined): View | undefined {
  if (info === undefined || info.options.length === EMPTY_BYTES) {
    return undefined;
  }
  const on = field(info.options, 'viewOn');
  if (on?.type !== T.STRING) {
    return undefined;
  }
  const pipeline = field(info.options, 'pipeline');
  return { on: stringOf(on), stages: pipeline === undefined ? [] : values(pipeline.bytes).map(v => v.bytes) };
}

/** The cap of a capped collection; undefined for any other. */
export function capOf(info: Pick<CollectionInfo, 'options'> | undefined): Cap | undefined {
  if (
    info === undefined ||
    info.options.length === EMPTY_BYTES ||
    field(info.options, 'capped') === undefined
  ) {
    return undefined;
  }
  const bytes = field(info.options, 'size');
  const documents = field(info.options, 'max');
  return {
    bytesMax: (bytes && numberOf(bytes)) ?? Infinity,
    documentsMax: (documents && numberOf(documents)) || Infinity
  };
}

const EMPTY_BYTES = 5;

/** Raw collation that a collection's queries go by when they name none. */
export function defaultCollation(info: Pick<CollectionInfo, 'options'> | undefined): Buffer | undefined {
  if (info === undefined || info.options.length === EMPTY_BYTES) {
    return undefined;
  }
  return field(info.options, 'collation')?.bytes;
}

/** A collection of documents with the pipeline that leads from it to what a name shows. */
export interface Resolved {
  readonly name: string;
  readonly info: CollectionInfo | undefined;
  readonly stages: readonly Buffer[];
}

/** Follows views down to a collection. @throws MongoError 165 */
export function resolveViews(snapshot: Snapshot | undefined, name: string): Resolved {
  let resolved: Resolved = { name, info: snapshot?.collection(name), stages: [] };
  for (let depth = 0; depth <= VIEW_DEPTH_MAX; depth++) {
    const view = viewOf(resolved.info);
    if (view === undefined) {
      return resolved;
    }
    const stages = [...view.stages, ...resolved.stages];
    resolved = { name: view.on, info: snapshot?.collection(view.on), stages };
  }
  throw new MongoError(
    'ViewDepthLimitExceeded',
    `View depth too deep or view cycle detected; maximum depth is ${VIEW_DEPTH_MAX}`
  );
}

/** A command that is about documents of a collection itself. @throws MongoError 166 */
export function refuseView(database: string, name: string, info: CollectionInfo | undefined): void {
  if (viewOf(info) !== undefined) {
    throw new MongoError(
      'CommandNotSupportedOnView',
      `Namespace ${database}.${name} is a view, not a collection`
    );
  }
}

/** A read of a view goes by the view's collation, whatever it names. @throws MongoError 167 */
export function checkViewCollation(info: CollectionInfo | undefined, asked: Buffer | undefined): void {
  if (asked === undefined) {
    return;
  }
  const own = parseCollation(defaultCollation(info));
  const other = parseCollation(asked);
  if (own === undefined ? other !== undefined : !own.isSame(other)) {
    throw new MongoError('OptionNotSupportedOnView', "Cannot override a view's default collation");
  }
}
