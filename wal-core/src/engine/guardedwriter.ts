import type { CollectionInfo, DocKey, DocumentVersion, Image, Writer } from '../api';
import { checkDocument, docKeyOf, STORED_DEPTH_MAX } from '../bson';
import { ArgonError } from '../errors';
import type { Stage } from '../write/stage';
import { WriterLayer } from './writerlayer';

/** What a writer may be told of the images that it is given. */
export interface Trust {
  /** They are valid documents already, and a replaced one keeps its `_id`. */
  readonly isChecked?: boolean | undefined;
  /** What the call says it has read is the newest still. */
  readonly isNewest?: boolean | undefined;
}

/**
 * The writer that callers get: what it stages can be read again, on the branch that it is for, and it stages nothing
 * when its call is over, for that would be lost.
 */
class GuardedWriter extends WriterLayer {
  isOver = false;

  constructor(
    writer: Writer,
    private readonly stage: Stage,
    private readonly isChecked: boolean,
    private readonly isNewest: boolean
  ) {
    super(writer);
  }

  override ensureCollection(name: string): CollectionInfo {
    this.assertOpen();
    return this.writer.ensureCollection(name);
  }

  override createCollection(name: string, options: Image): CollectionInfo {
    this.assertOpen();
    checkDocument(options);
    return this.writer.createCollection(name, options);
  }

  override setOptions(collection: CollectionInfo, options: Image): CollectionInfo {
    this.assertOpen();
    checkDocument(options);
    return this.writer.setOptions(collection, options);
  }

  override renameCollection(collection: CollectionInfo, name: string): CollectionInfo {
    this.assertOpen();
    return this.writer.renameCollection(collection, name);
  }

  override createIndex(collection: CollectionInfo, spec: Image): boolean {
    this.assertOpen();
    checkDocument(spec);
    return this.writer.createIndex(collection, spec);
  }

  override changeIndex(collection: CollectionInfo, name: string, spec: Image): void {
    this.assertOpen();
    checkDocument(spec);
    this.writer.changeIndex(collection, name, spec);
  }

  override dropIndex(collection: CollectionInfo, name: string): void {
    this.assertOpen();
    this.writer.dropIndex(collection, name);
  }

  override insert(collection: CollectionInfo, image: Image): void {
    this.assertOpen();
    this.assertHere(collection);
    if (!this.isChecked) {
      checkImage(image);
    }
    this.writer.insert(collection, image);
  }

  override replace(collection: CollectionInfo, key: DocKey, image: Image, isWhole = false): void {
    this.assertOpen();
    this.assertHere(collection);
    if (!this.isChecked) {
      checkImage(image);
      if (!docKeyOf(image).equals(key)) {
        throw new ArgonError('DOCUMENT_INVALID', 'The _id of a document does not change.', {
          data: { mongoCode: 66, codeName: 'ImmutableField' }
        });
      }
    }
    this.writer.replace(collection, key, image, isWhole);
  }

  override remove(collection: CollectionInfo, key: DocKey): boolean {
    this.assertOpen();
    this.assertHere(collection);
    return this.writer.remove(collection, key);
  }

  override hasRead(collection: CollectionInfo, key: DocKey, version: DocumentVersion): void {
    if (this.isNewest) {
      this.writer.hasRead(collection, key, version);
    }
  }

  /** @throws BAD_REQUEST */
  private assertOpen(): void {
    if (this.isOver) {
      throw new ArgonError(
        'BAD_REQUEST',
        'The call that this writer was for is over: it writes nothing more.'
      );
    }
  }

  /** A collection of another branch or project may have a number that this branch does not know. @throws COLLECTION_NOT_FOUND */
  private assertHere({ id, name }: CollectionInfo): void {
    if (this.stage.collectionById(id) === undefined) {
      throw new ArgonError(
        'COLLECTION_NOT_FOUND',
        `There is no collection ${JSON.stringify(name)} on ${this.branch}.`,
        { data: { collection: name } }
      );
    }
  }
}

/** Its length is checked by whoever stages it. @throws DOCUMENT_INVALID */
function checkImage(image: Image): void {
  checkDocument(image, { maxBytes: Infinity, maxDepth: STORED_DEPTH_MAX });
}

/**
 * Runs `change` with a writer to `writer` that is good for as long as it runs.
 * @throws BAD_REQUEST when it is not over when it returns, and what it throws
 */
export function runChange<T>(
  stage: Stage,
  writer: Writer,
  change: (writer: Writer) => T,
  { isChecked = false, isNewest = false }: Trust
): T {
  const guarded = new GuardedWriter(writer, stage, isChecked, isNewest);
  try {
    const result = change(guarded);
    if (isThenable(result)) {
      // What it stages later would be lost; what becomes of it is nobody's business any more.
      result.then(undefined, () => undefined);
      throw new ArgonError(
        'BAD_REQUEST',
        'A change is made by a function that waits for nothing: this one returned a promise.'
      );
    }
    return result;
  } finally {
    guarded.isOver = true;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
