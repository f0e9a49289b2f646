import type { CollectionId, Lsn, TimelineId } from '../api';
import { imgKey, imgKeyParts } from '../store/keys';
import type { Put, Row } from '../store/store';
import { type ImageKind, KIND_BASE, KIND_RUN } from './format';

/** A finished image file, as its marker in `img` describes it. */
export interface StoredImage {
  /** Number of its file. */
  readonly file: number;
  readonly kind: ImageKind;
  readonly timeline: TimelineId;
  readonly collection: CollectionId;
  /**
   * A base is the state of the timeline at `lsn`; a run has all versions on the way to it with LSNs
   * in `(from, lsn]`, those of the timeline's ancestors included.
   */
  readonly from: Lsn;
  readonly lsn: Lsn;
  readonly entries: number;
  /** Of the file. */
  readonly bytes: number;
  readonly createdMs: number;
}

const MARKER_FORMAT = 1;

/** Row of `img` that makes the file count. */
export function markerOf(image: StoredImage): Put {
  const value = Buffer.allocUnsafe(31);
  value[0] = MARKER_FORMAT;
  value.writeUIntBE(image.file, 1, 6);
  value.writeUIntBE(image.from, 7, 6);
  value.writeUIntBE(image.entries, 13, 6);
  value.writeUIntBE(image.bytes, 19, 6);
  value.writeUIntBE(image.createdMs, 25, 6);
  return { table: 'img', key: keyOf(image), value };
}

export function unmark(image: StoredImage): Put {
  return { table: 'img', key: keyOf(image), value: undefined };
}

function keyOf({ timeline, collection, lsn, kind }: StoredImage): Buffer {
  return imgKey(timeline, collection, lsn, kind);
}

/** Undefined for a marker of another format: its file is made again. */
export function storedImageOf({ key, value }: Row): StoredImage | undefined {
  const { kind, ...where } = imgKeyParts(key);
  if (value[0] !== MARKER_FORMAT || (kind !== KIND_BASE && kind !== KIND_RUN)) {
    return undefined;
  }
  return {
    ...where,
    kind,
    file: value.readUIntBE(1, 6),
    from: value.readUIntBE(7, 6) as Lsn,
    entries: value.readUIntBE(13, 6),
    bytes: value.readUIntBE(19, 6),
    createdMs: value.readUIntBE(25, 6)
  };
}
