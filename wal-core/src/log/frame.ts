import { crc32c } from '@node-rs/crc32';
import type { CollectionId, CommitKind, CommitTime, DocKey, Image, Lsn, ProjectId, TimelineId } from '../api';
import { ByteReader, ByteWriter } from './bytes';

/*
 * One frame is one atomic commit:
 *
 *   [length u32][crc32c u32] [kind u8][durable varint][commit time u64][sections varint] section …
 *
 * `length` and the checksum cover everything after the checksum. `durable` is the size of the
 * segment that was known to be on disk when the frame was written: recovery uses it to tell a torn
 * tail (cut) from a torn middle (refused).
 *
 *   changes  [0][project][timeline][first LSN][count][flags][commit kind][origin][txn] record …
 *   record   [collection][op][previous LSN][flags][docKey][image]        (image absent for a delete)
 *   control  [1][project][count] ([table][op][scope][key][value]) …
 *
 * All integers without a size are varints; docKey, image, key, value and txn carry their length.
 */
export const FRAME_HEADER_BYTES = 8;
export const FRAME_KIND_COMPLETE = 1;
/** Kind, durable, commit time and number of sections of a frame without any. */
const BODY_BYTES_MIN = 11;
const SECTION_CHANGES = 0;
const SECTION_CONTROL = 1;
const FLAG_ATOMIC = 1;

export const OP_INSERT = 1;
export const OP_UPDATE = 2;
export const OP_DELETE = 3;
export type Op = typeof OP_INSERT | typeof OP_UPDATE | typeof OP_DELETE;

/** Codes of commit kinds on disk: append only. */
const KINDS: readonly CommitKind[] = ['writes', 'catalog', 'merge', 'undo', 'import'];

export function kindCode(kind: CommitKind): number {
  return KINDS.indexOf(kind);
}

export function kindOf(code: number): CommitKind {
  return KINDS[code] ?? 'writes';
}

/** One changed document. */
export interface ChangeRecord {
  readonly collection: CollectionId;
  readonly op: Op;
  readonly key: DocKey;
  /** LSN of the version before, tombstones included; 0 when there never was one. */
  readonly previous: Lsn;
  /** The new image; undefined for a delete. */
  readonly image: Image | undefined;
  /** Where the image starts, counted from the first byte of the frame. Set by `encodeFrame`. */
  imageAt: number;
  /** The image before, where the writer knows it: null when there was none, undefined when it must be read. Not logged. */
  readonly before?: Image | null;
}

/** Changes of one timeline in a frame; record i has LSN `firstLsn + i`. */
export interface ChangeSection {
  readonly project: ProjectId;
  readonly timeline: TimelineId;
  readonly firstLsn: Lsn;
  readonly atomic: boolean;
  readonly kind: CommitKind;
  /** Interned origin; the table `origin` has its text. */
  readonly origin: number;
  readonly txn: string;
  readonly records: readonly ChangeRecord[];
}

/** A row of a small table (project, branch, pin …); `value` undefined deletes it. */
export interface ControlRecord {
  readonly table: number;
  readonly scope: number;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

export interface Frame {
  readonly time: CommitTime;
  readonly changes: readonly ChangeSection[];
  readonly control: readonly ControlRecord[];
}

/** Encodes a frame, header included. */
export function encodeFrame(frame: Frame, durable: number): Buffer {
  let estimate = 256;
  for (const section of frame.changes) {
    estimate += 64;
    for (const record of section.records) {
      estimate += 32 + record.key.length + (record.image?.length ?? 0);
    }
  }
  const out = new ByteWriter(estimate);
  out.u32(0);
  out.u32(0);
  out.u8(FRAME_KIND_COMPLETE);
  out.varint(durable);
  out.u64(frame.time);
  out.varint(frame.changes.length + (frame.control.length > 0 ? 1 : 0));
  for (const section of frame.changes) {
    out.u8(SECTION_CHANGES);
    out.varint(section.project);
    out.varint(section.timeline);
    out.varint(section.firstLsn);
    out.varint(section.records.length);
    out.u8(section.atomic ? FLAG_ATOMIC : 0);
    out.u8(kindCode(section.kind));
    out.varint(section.origin);
    out.text(section.txn);
    for (const record of section.records) {
      out.varint(record.collection);
      out.u8(record.op);
      out.varint(record.previous);
      out.u8(0);
      out.bytes(record.key);
      if (record.image !== undefined) {
        record.imageAt = out.bytes(record.image);
      }
    }
  }
  if (frame.control.length > 0) {
    out.u8(SECTION_CONTROL);
    out.varint(frame.control.length);
    for (const record of frame.control) {
      out.u8(record.table);
      out.u8(record.value === undefined ? OP_DELETE : OP_UPDATE);
      out.varint(record.scope);
      out.bytes(record.key);
      if (record.value !== undefined) {
        out.bytes(record.value);
      }
    }
  }
  const bytes = out.done();
  bytes.writeUInt32LE(bytes.length - FRAME_HEADER_BYTES, 0);
  bytes.writeUInt32LE(crc32c(bytes.subarray(FRAME_HEADER_BYTES)), 4);
  return bytes;
}

/** Whether the bytes at `offset` are one whole frame with a fitting checksum; its size, or undefined. */
export function frameSizeAt(bytes: Buffer, offset: number): number | undefined {
  if (offset + FRAME_HEADER_BYTES > bytes.length) {
    return undefined;
  }
  const length = bytes.readUInt32LE(offset);
  const start = offset + FRAME_HEADER_BYTES;
  if (length < BODY_BYTES_MIN || start + length > bytes.length || bytes[start] !== FRAME_KIND_COMPLETE) {
    return undefined;
  }
  const crc = bytes.readUInt32LE(offset + 4);
  return crc32c(bytes.subarray(start, start + length)) === crc ? FRAME_HEADER_BYTES + length : undefined;
}

/** Decodes a whole, checked frame. Keys and images share its memory. */
export function decodeFrame(bytes: Buffer): Frame {
  const input = new ByteReader(bytes, FRAME_HEADER_BYTES + 1);
  input.varint();
  const time = input.u64() as CommitTime;
  const changes: ChangeSection[] = [];
  const control: ControlRecord[] = [];
  for (let sections = input.varint(); sections > 0; sections--) {
    if (input.u8() === SECTION_CHANGES) {
      changes.push(decodeChanges(input));
    } else {
      for (let count = input.varint(); count > 0; count--) {
        const table = input.u8();
        const op = input.u8();
        const scope = input.varint();
        const key = input.bytes();
        control.push({ table, scope, key, value: op === OP_DELETE ? undefined : input.bytes() });
      }
    }
  }
  return { time, changes, control };
}

function decodeChanges(input: ByteReader): ChangeSection {
  const project = input.varint() as ProjectId;
  const timeline = input.varint() as TimelineId;
  const firstLsn = input.varint() as Lsn;
  const count = input.varint();
  const flags = input.u8();
  const kind = kindOf(input.u8());
  const origin = input.varint();
  const txn = input.text();
  const records: ChangeRecord[] = [];
  for (let i = 0; i < count; i++) {
    const collection = input.varint() as CollectionId;
    const op = input.u8() as Op;
    const previous = input.varint() as Lsn;
    input.u8();
    const key = input.bytes();
    const image = op === OP_DELETE ? undefined : input.bytes();
    const imageAt = image === undefined ? 0 : input.offset - image.length;
    records.push({ collection, op, key, previous, image, imageAt });
  }
  return { project, timeline, firstLsn, atomic: (flags & FLAG_ATOMIC) !== 0, kind, origin, txn, records };
}
