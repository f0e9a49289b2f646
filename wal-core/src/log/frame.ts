import { crc32c } from '@node-rs/crc32';
import type { CollectionId, CommitKind, CommitTime, DocKey, Image, Lsn, ProjectId, TimelineId } from '../api';
import { ByteReader, ByteWriter } from './bytes';
import type { Place } from './file/segment';

/*
 * One complete frame is one atomic commit:
 *
 *   [length u32][crc32c u32] [kind u8][durable varint][commit time u64][sections varint] section …
 *
 * `length` and the checksum cover everything after the checksum. `durable` is the size of the
 * segment that was known to be on disk when the frame was written: recovery uses it to tell a torn
 * tail (cut) from a torn middle (refused).
 *
 *   changes  [0][project][timeline][first LSN][count][flags][commit kind][origin][txn] record …
 *   record   [collection][op][previous LSN][flags][docKey][image]        (image absent for a delete)
 *   control  [1][count] ([table][op][scope][key][value]) …
 *   group    [2][project][timeline][first LSN][count][flags][commit kind][origin][txn][parts] ([segment][offset][length][count]) …
 *
 * A commit that is too large for one frame is streamed: its records go ahead in part frames, which mean nothing by
 * themselves, and a complete frame with a group section for each timeline makes them all count at once. A part frame
 * has one changes section whose first LSN is the position of its first record in the group, from 0; a record whose flag
 * OWN is set has as previous LSN such a position too. Parts that no group names are left over from a commit that never was.
 *
 * A record whose flag GONE is set is one that garbage collection took: its image is blank.
 *
 * All integers without a size are varints; docKey, image, key, value and txn carry their length.
 */
export const FRAME_HEADER_BYTES = 8;
export const FRAME_KIND_COMPLETE = 1;
export const FRAME_KIND_PART = 2;
/** Kind, durable, commit time and number of sections of a frame without any. */
const BODY_BYTES_MIN = 11;
const SECTION_CHANGES = 0;
const SECTION_CONTROL = 1;
const SECTION_GROUP = 2;
const FLAG_ATOMIC = 1;
const FLAG_OWN = 1;
const FLAG_GONE = 2;

export const OP_INSERT = 1;
export const OP_UPDATE = 2;
export const OP_DELETE = 3;
/** An update that gave the document as a whole. */
export const OP_REPLACE = 4;
export type Op = typeof OP_INSERT | typeof OP_UPDATE | typeof OP_DELETE | typeof OP_REPLACE;

/** Codes of commit kinds on disk: append only. */
const KINDS: readonly CommitKind[] = ['writes', 'catalog', 'merge', 'undo', 'import', 'pick', 'restore'];

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
  /** Where the image starts, counted from the first byte of the frame. Set by `writeFrame`. */
  imageAt: number;
  /** The key as a text, once somebody has made one. Not logged. */
  text?: string | undefined;
  /** The image before, where the writer knows it: null when there was none, undefined when it must be read. Not logged. */
  readonly before?: Image | null;
  /** In a part frame: `previous` is a position in the same group and becomes an LSN when the group gets its own. */
  readonly isOwn?: true;
  /** Garbage collection took the version that it made; the image is only as long as it was. */
  readonly isGone?: true;
}

/** Both ends inclusive. */
export interface LsnSpan {
  readonly first: Lsn;
  readonly last: Lsn;
}

/** What the changes of one timeline in one commit have in common. */
export interface SectionHead {
  readonly project: ProjectId;
  readonly timeline: TimelineId;
  readonly firstLsn: Lsn;
  readonly atomic: boolean;
  readonly kind: CommitKind;
  /** Interned origin; the table `origin` has its text. */
  readonly origin: number;
  readonly txn: string;
  /** LSNs of the whole commit in the project: of an atomic one, over all its timelines. Follows from the frame. */
  readonly group: LsnSpan;
}

/** Changes of one timeline in a frame; record i has LSN `firstLsn + i`. */
export interface ChangeSection extends SectionHead {
  readonly records: readonly ChangeRecord[];
}

/** A part frame that holds records of a group. */
export interface PartPlace extends Place {
  /** Bytes of the frame. */
  readonly length: number;
  /** Number of its records. */
  readonly count: number;
}

/** Changes of one timeline that went ahead in part frames; they count from the frame of this section on. */
export interface GroupSection extends SectionHead {
  /** Number of records in all parts. */
  readonly count: number;
  readonly parts: readonly PartPlace[];
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
  readonly groups: readonly GroupSection[];
  readonly control: readonly ControlRecord[];
}

/** Writes a frame, header included. */
export function writeFrame(out: ByteWriter, frame: Frame, durable: number): void {
  write(out, FRAME_KIND_COMPLETE, frame, durable);
}

/** Writes a part frame: one section, whose first LSN is a position. */
export function writePart(out: ByteWriter, section: ChangeSection, time: CommitTime, durable: number): void {
  write(out, FRAME_KIND_PART, { time, changes: [section], groups: [], control: [] }, durable);
}

function write(out: ByteWriter, kind: number, frame: Frame, durable: number): void {
  const start = out.length;
  out.u32(0);
  out.u32(0);
  out.u8(kind);
  out.varint(durable);
  out.u64(frame.time);
  out.varint(frame.changes.length + frame.groups.length + (frame.control.length > 0 ? 1 : 0));
  for (const section of frame.changes) {
    out.reserve(bytesAbout(section));
    out.u8(SECTION_CHANGES);
    encodeHead(out, section, section.records.length);
    for (const record of section.records) {
      out.varint(record.collection);
      out.u8(record.op);
      out.varint(record.previous);
      out.u8(record.isOwn === true ? FLAG_OWN : 0);
      out.bytes(record.key);
      if (record.image !== undefined) {
        record.imageAt = out.bytes(record.image) - start;
      }
    }
  }
  for (const section of frame.groups) {
    out.u8(SECTION_GROUP);
    encodeHead(out, section, section.count);
    out.varint(section.parts.length);
    for (const part of section.parts) {
      out.varint(part.segment);
      out.varint(part.offset);
      out.varint(part.length);
      out.varint(part.count);
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
  const body = start + FRAME_HEADER_BYTES;
  out.buffer.writeUInt32LE(out.length - body, start);
  out.buffer.writeUInt32LE(crc32c(out.buffer.subarray(body, out.length)), start + 4);
}

/** Bytes that a section takes, or a few more. */
function bytesAbout({ records, txn }: ChangeSection): number {
  let bytes = 64 + txn.length;
  for (const { key, image } of records) {
    bytes += 32 + key.length + (image?.length ?? 0);
  }
  return bytes;
}

function encodeHead(out: ByteWriter, head: SectionHead, count: number): void {
  out.varint(head.project);
  out.varint(head.timeline);
  out.varint(head.firstLsn);
  out.varint(count);
  out.u8(head.atomic ? FLAG_ATOMIC : 0);
  out.u8(kindCode(head.kind));
  out.varint(head.origin);
  out.text(head.txn);
}

/** Whether a byte is the kind of a frame. */
export function isFrameKind(kind: number | undefined): boolean {
  return kind === FRAME_KIND_COMPLETE || kind === FRAME_KIND_PART;
}

/** Whether a whole, checked frame is a part of a commit that another frame makes count. */
export function isPart(bytes: Buffer): boolean {
  return bytes[FRAME_HEADER_BYTES] === FRAME_KIND_PART;
}

/** Whether the bytes at `offset` are one whole frame with a fitting checksum; its size, or undefined. */
export function frameSizeAt(bytes: Buffer, offset: number): number | undefined {
  if (offset + FRAME_HEADER_BYTES > bytes.length) {
    return undefined;
  }
  const length = bytes.readUInt32LE(offset);
  const start = offset + FRAME_HEADER_BYTES;
  if (length < BODY_BYTES_MIN || start + length > bytes.length || !isFrameKind(bytes[start])) {
    return undefined;
  }
  const crc = bytes.readUInt32LE(offset + 4);
  return crc32c(bytes.subarray(start, start + length)) === crc ? FRAME_HEADER_BYTES + length : undefined;
}

type Decoded<T> = Omit<T, 'group'>;

/** Decodes a whole, checked frame. Keys and images share its memory. */
export function decodeFrame(bytes: Buffer): Frame {
  const input = new ByteReader(bytes, FRAME_HEADER_BYTES + 1);
  input.varint();
  const time = input.u64() as CommitTime;
  const changes: Decoded<ChangeSection>[] = [];
  const groups: Decoded<GroupSection>[] = [];
  const control: ControlRecord[] = [];
  for (let sections = input.varint(); sections > 0; sections--) {
    switch (input.u8()) {
      case SECTION_CHANGES:
        changes.push(decodeChanges(input));
        break;
      case SECTION_GROUP:
        groups.push(decodeGroup(input));
        break;
      default:
        for (let count = input.varint(); count > 0; count--) {
          const table = input.u8();
          const op = input.u8();
          const scope = input.varint();
          const key = input.bytes();
          control.push({ table, scope, key, value: op === OP_DELETE ? undefined : input.bytes() });
        }
    }
  }
  const spans = spansOf([
    ...changes.map(section => ({ ...section, count: section.records.length })),
    ...groups
  ]);
  return {
    time,
    changes: changes.map(section => ({ ...section, group: spans(section, section.records.length) })),
    groups: groups.map(section => ({ ...section, group: spans(section, section.count) })),
    control
  };
}

/**
 * The records of a part frame as changes of the group that names it, from `position` in the group on.
 * @throws RangeError when the part is not what the group says
 */
export function decodePart(bytes: Buffer, group: GroupSection, position: number): ChangeSection {
  const [part] = decodeFrame(bytes).changes;
  if (!isPart(bytes) || part?.timeline !== group.timeline || part.firstLsn !== position) {
    throw new RangeError('the bytes are another part');
  }
  const { parts: _, count: __, ...head } = group;
  const records = part.records.map(({ isOwn, ...record }) =>
    isOwn === true ? { ...record, previous: (group.firstLsn + record.previous) as Lsn } : record
  );
  return { ...head, firstLsn: (group.firstLsn + position) as Lsn, records };
}

type Counted = Pick<SectionHead, 'project' | 'firstLsn' | 'atomic'> & { readonly count: number };

/** From the sections of one commit, a way to the group of each: its own span, or that of all atomic ones of its project. */
export function spansOf(
  sections: readonly Counted[]
): (section: Omit<Counted, 'count'>, count: number) => LsnSpan {
  let projects: Map<ProjectId, { first: Lsn; last: Lsn }> | undefined;
  for (const { project, firstLsn, count, atomic } of sections) {
    if (atomic) {
      const last = (firstLsn + count - 1) as Lsn;
      const known = projects?.get(project);
      if (known === undefined) {
        projects ??= new Map();
        projects.set(project, { first: firstLsn, last });
      } else {
        known.first = Math.min(known.first, firstLsn) as Lsn;
        known.last = Math.max(known.last, last) as Lsn;
      }
    }
  }
  return ({ project, firstLsn, atomic }, count) =>
    (atomic ? projects?.get(project) : undefined) ?? {
      first: firstLsn,
      last: (firstLsn + count - 1) as Lsn
    };
}

function decodeHead(input: ByteReader): Omit<SectionHead, 'group'> & { readonly count: number } {
  const project = input.varint() as ProjectId;
  const timeline = input.varint() as TimelineId;
  const firstLsn = input.varint() as Lsn;
  const count = input.varint();
  const flags = input.u8();
  const kind = kindOf(input.u8());
  const origin = input.varint();
  const txn = input.text();
  return { project, timeline, firstLsn, count, atomic: (flags & FLAG_ATOMIC) !== 0, kind, origin, txn };
}

function flagged(record: ChangeRecord, flags: number): ChangeRecord {
  return {
    ...record,
    ...((flags & FLAG_OWN) === 0 ? {} : { isOwn: true }),
    ...((flags & FLAG_GONE) === 0 ? {} : { isGone: true })
  };
}

/**
 * Whether garbage collection has taken a section out of the history of its timeline, while its frame stayed for something
 * else: all of its records are gone, and the cold segment has no count for it (`known`).
 */
export function isForgotten({ records }: ChangeSection, known: number | undefined): boolean {
  return known === undefined && records.length > 0 && records.every(record => record.isGone === true);
}

/**
 * A copy of a frame in which the records that `isGone` tells of are marked as gone and their images are blank. All
 * else stays where it was. `isGone` is asked with the position of the section in the frame and of the record in it.
 */
export function forgetRecords(bytes: Buffer, isGone: (section: number, record: number) => boolean): Buffer {
  const copy = Buffer.from(bytes);
  const input = new ByteReader(copy, FRAME_HEADER_BYTES + 1);
  input.varint();
  input.u64();
  const sections = input.varint();
  // Changes come before all other sections.
  for (let section = 0; section < sections && input.u8() === SECTION_CHANGES; section++) {
    const { count } = decodeHead(input);
    for (let record = 0; record < count; record++) {
      input.varint();
      const op = input.u8();
      input.varint();
      const flagsAt = input.offset;
      input.u8();
      input.bytes();
      const image = op === OP_DELETE ? undefined : input.bytes();
      if (isGone(section, record)) {
        copy[flagsAt]! |= FLAG_GONE;
        image?.fill(0);
      }
    }
  }
  copy.writeUInt32LE(crc32c(copy.subarray(FRAME_HEADER_BYTES)), 4);
  return copy;
}

function decodeChanges(input: ByteReader): Decoded<ChangeSection> {
  const { count, ...head } = decodeHead(input);
  const records: ChangeRecord[] = [];
  for (let i = 0; i < count; i++) {
    const collection = input.varint() as CollectionId;
    const op = input.u8() as Op;
    const previous = input.varint() as Lsn;
    const flags = input.u8();
    const key = input.bytes();
    const image = op === OP_DELETE ? undefined : input.bytes();
    const imageAt = image === undefined ? 0 : input.offset - image.length;
    const record = { collection, op, key, previous, image, imageAt };
    records.push(flags === 0 ? record : flagged(record, flags));
  }
  return { ...head, records };
}

function decodeGroup(input: ByteReader): Decoded<GroupSection> {
  const head = decodeHead(input);
  const parts: PartPlace[] = [];
  for (let left = input.varint(); left > 0; left--) {
    parts.push({
      segment: input.varint(),
      offset: input.varint(),
      length: input.varint(),
      count: input.varint()
    });
  }
  return { ...head, parts };
}
