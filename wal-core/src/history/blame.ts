import type { Blame, CollectionId, CollectionInfo, DocKey, FieldPath, FieldValue, Image, Lsn } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import { isKept } from '../branch/kept';
import type { Registry } from '../branch/registry';
import { elements, field, sameValue } from '../bson';
import { BLAME_VERSIONS_MAX } from '../limits';
import { instantOf } from '../log/clock';
import type { LineReader } from '../read/line';
import { Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import { verKey, verKeyLsn } from '../store/keys';
import type { OrderedStore } from '../store/store';

const OBJECT = 0x03;
/** Versions read in one go; nothing stays open between two goes. */
const VERSIONS_PER_STEP = 64;

export interface BlameParts {
  readonly store: OrderedStore;
  readonly versions: Versions;
}

/** A version of a document, with the timeline that made it. */
export interface DocumentVersion {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
  readonly image: Image | undefined;
}

/** Applied versions of a document in a state, newest first. */
export function* versionsOf(
  { store, versions }: BlameParts,
  chain: readonly ChainLink[],
  collection: CollectionId,
  key: DocKey
): Generator<DocumentVersion> {
  for (const { timeline, cap } of chain) {
    const to = verKey(timeline.id, collection, key, 0);
    for (let newest: number = cap; ;) {
      const from = verKey(timeline.id, collection, key, newest);
      const rows = [...store.range('ver', { from, to, limit: VERSIONS_PER_STEP })];
      for (const row of rows) {
        const lsn = verKeyLsn(row.key);
        yield { timeline, lsn, image: versions.at(timeline.chain(lsn), collection, key, lsn) };
      }
      if (rows.length < VERSIONS_PER_STEP) {
        break;
      }
      newest = verKeyLsn(rows.at(-1)!.key) - 1;
    }
  }
}

/** The LSN that gave a path the value it has in a state; undefined when the document never was. */
export function lastWrite(
  parts: BlameParts,
  chain: readonly ChainLink[],
  collection: CollectionId,
  key: DocKey,
  path: FieldPath
): Lsn | undefined {
  let since: Lsn | undefined;
  let value: FieldValue | undefined;
  for (const { lsn, image } of versionsOf(parts, chain, collection, key)) {
    const older = valueAt(image, path);
    if (since !== undefined && !same(value, older)) {
      return since;
    }
    since = lsn;
    value = older;
  }
  return since;
}

/** A value by its path through sub-documents; the empty path is the whole document. */
function valueAt(image: Image | undefined, path: FieldPath): FieldValue | undefined {
  let value: FieldValue | undefined = image === undefined ? undefined : { type: OBJECT, bytes: image };
  for (const name of path) {
    value = value?.type === OBJECT ? field(value.bytes, String(name)) : undefined;
  }
  return value;
}

function same(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameValue(a, b);
}

export interface BlameReaderParts extends BlameParts {
  readonly registry: Registry;
  readonly line: LineReader;
}

/** Who gave each field of a document its value. */
export class BlameReader {
  constructor(private readonly parts: BlameReaderParts) {}

  /** Paths in document order; sub-documents by their fields, an array or an empty sub-document as one value. */
  async blame(view: View, collection: CollectionInfo, key: DocKey): Promise<readonly Blame[]> {
    const image = this.parts.versions.get(view.chain, collection.id, key);
    if (image === undefined) {
      return [];
    }
    const open = new Map(
      [...leaves(image, [])].map(([path, value]) => [JSON.stringify(path), { path, value }])
    );
    const order = [...open.values()];
    const found = new Map<string, DocumentVersion>();
    let newer: DocumentVersion | undefined;
    let seen = 0;
    const pace = new Pace();
    for (const version of versionsOf(this.parts, view.chain, collection.id, key)) {
      for (const [name, { path, value }] of open) {
        if (newer !== undefined && !same(valueAt(version.image, path), value)) {
          found.set(name, newer);
          open.delete(name);
        }
      }
      if (open.size === 0 || ++seen >= BLAME_VERSIONS_MAX) {
        break;
      }
      newer = version;
      if (pace.isDue) {
        await pace.rest();
      }
    }
    const isWhole = seen < BLAME_VERSIONS_MAX;
    for (const name of open.keys()) {
      found.set(name, newer!);
    }
    return order.map(({ path, value }) => {
      const name = JSON.stringify(path);
      const version = found.get(name)!;
      const isFound = !open.has(name) || (isWhole && isKept(version.timeline, (version.lsn - 1) as Lsn));
      return this.entry(path, value, version, isFound);
    });
  }

  private entry(
    path: FieldPath,
    value: FieldValue,
    { timeline, lsn }: DocumentVersion,
    isExact: boolean
  ): Blame {
    const row = this.parts.line.rowAt(timeline, lsn);
    const branch = this.parts.registry.branchOf(timeline)?.name;
    return {
      path,
      value,
      lsn,
      timeline: timeline.id,
      ...(branch === undefined ? {} : { branch }),
      isExact,
      origin: this.parts.registry.origin(row?.origin ?? 0),
      ...(row === undefined || row.txn === '' ? {} : { txn: row.txn }),
      time: instantOf(row?.time ?? (0n as never))
    };
  }
}

function* leaves(document: Image, path: FieldPath): Generator<[FieldPath, FieldValue]> {
  for (const { name, type, bytes } of elements(document)) {
    const at = [...path, name];
    if (type === OBJECT && elements(bytes).length > 0) {
      yield* leaves(bytes, at);
    } else {
      yield [at, { type, bytes }];
    }
  }
}
