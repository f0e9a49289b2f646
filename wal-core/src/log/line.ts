import type { CollectionId, CommitKind, CommitTime, DocKey, Lsn } from '../api';
import { LINE_VALUE_BYTES_MAX } from '../limits';
import { ByteReader, ByteWriter } from './bytes';
import type { Place } from './file/segment';
import { type ChangeSection, kindCode, kindOf, type Op } from './frame';

/*
 * Value of a `line` row: what a section of a frame changed, without the images.
 *   [format u8][ordinal][segment][frame offset][commit time u64][kind u8][flags u8][origin][txn]
 *   [group first LSN][group count][count] record …
 *   record  [collection][op][previous LSN][docKey][image offset in the frame][image length]
 * A long section takes several rows, each with its own first LSN.
 *
 * What garbage collection leaves of a row has format 2: `count` is followed by the number of records that are left,
 * and each of them begins with the number of records gone since the one before.
 */
const FORMAT = 1;
const FORMAT_THINNED = 2;
const FLAG_ATOMIC = 1;

export interface LineRecord {
  readonly lsn: Lsn;
  readonly collection: CollectionId;
  readonly op: Op;
  readonly previous: Lsn;
  readonly key: DocKey;
  /** Where the new image lies in the log; undefined for a delete. */
  readonly image: (Place & { readonly length: number }) | undefined;
}

/** One decoded row of `line`. */
export interface LineRow {
  readonly firstLsn: Lsn;
  /** Number of the first change on its timeline, counted from 0. */
  readonly ordinal: number;
  readonly time: CommitTime;
  readonly kind: CommitKind;
  readonly atomic: boolean;
  readonly origin: number;
  readonly txn: string;
  /** First and last LSN of the whole commit in its project. */
  readonly groupFirst: Lsn;
  readonly groupLast: Lsn;
  /** Number of changes that the row stands for; garbage collection may have left fewer records. */
  readonly count: number;
  readonly records: readonly LineRecord[];
}

/** Where rows are put together; what is kept of them is a copy. */
const BODY = new ByteWriter(4096);
const ROW = new ByteWriter(4096);

/** Rows for a section whose frame lies at `place`; `ordinal` is the number of changes before it. */
export function encodeLine(
  section: ChangeSection,
  time: CommitTime,
  place: Place,
  ordinal: number
): { firstLsn: Lsn; value: Buffer }[] {
  const rows: { firstLsn: Lsn; value: Buffer }[] = [];
  const total = section.records.length;
  const isThinned = section.records.some(record => record.isGone === true);
  const body = BODY;
  const out = ROW;
  for (let start = 0; start < total;) {
    body.truncate(0);
    out.truncate(0);
    let count = 0;
    while (start + count < total) {
      const record = section.records[start + count]!;
      if (count > 0 && body.length + record.key.length + 40 > LINE_VALUE_BYTES_MAX - 120) {
        break;
      }
      body.varint(record.collection);
      body.u8(record.op);
      body.varint(record.previous);
      body.bytes(record.key);
      body.varint(record.imageAt);
      body.varint(record.image?.length ?? 0);
      count++;
    }
    out.u8(FORMAT);
    out.varint(ordinal + start);
    out.varint(place.segment);
    out.varint(place.offset);
    out.u64(time);
    out.u8(kindCode(section.kind));
    out.u8(section.atomic ? FLAG_ATOMIC : 0);
    out.varint(section.origin);
    out.text(section.txn);
    out.varint(section.group.first);
    out.varint(section.group.last - section.group.first + 1);
    out.varint(count);
    out.raw(body.done());
    const firstLsn = (section.firstLsn + start) as Lsn;
    const whole = Buffer.from(out.done());
    const isGone = ({ lsn }: LineRecord) => section.records[lsn - section.firstLsn]!.isGone === true;
    const value = isThinned ? thinLine(firstLsn, whole, record => !isGone(record)) : whole;
    rows.push({ firstLsn, value });
    start += count;
  }
  return rows;
}

export function decodeLine(firstLsn: Lsn, value: Buffer): LineRow {
  return new DecodedLine(firstLsn, value);
}

/**
 * The value of a row without the records that `keeps` refuses; the value itself when it refuses none. The row stands
 * for the same changes as before.
 */
export function thinLine(firstLsn: Lsn, value: Buffer, keeps: (record: LineRecord) => boolean): Buffer {
  const row = new DecodedLine(firstLsn, value);
  const left = row.records.filter(keeps);
  if (left.length === row.records.length) {
    return value;
  }
  const out = new ByteWriter(value.length + 16);
  out.u8(FORMAT_THINNED);
  out.raw(value.subarray(1, row.countEnd));
  out.varint(left.length);
  let next = firstLsn as number;
  for (const record of left) {
    out.varint(record.lsn - next);
    next = record.lsn + 1;
    out.varint(record.collection);
    out.u8(record.op);
    out.varint(record.previous);
    out.bytes(record.key);
    out.varint(record.image === undefined ? 0 : record.image.offset - row.place.offset);
    out.varint(record.image?.length ?? 0);
  }
  return Buffer.from(out.done());
}

/** A row whose records are decoded when somebody asks for them: many only want to know which commit it is. */
class DecodedLine implements LineRow {
  readonly ordinal: number;
  readonly time: CommitTime;
  readonly kind: CommitKind;
  readonly atomic: boolean;
  readonly origin: number;
  readonly txn: string;
  readonly groupFirst: Lsn;
  readonly groupLast: Lsn;
  readonly count: number;
  readonly place: Place;
  /** Where `count` ends: what stands before it is the same however many records are left. */
  readonly countEnd: number;
  private decoded: readonly LineRecord[] | undefined;

  constructor(
    readonly firstLsn: Lsn,
    private readonly value: Buffer
  ) {
    const input = new ByteReader(value, 1);
    this.ordinal = input.varint();
    this.place = { segment: input.varint(), offset: input.varint() };
    this.time = input.u64() as CommitTime;
    this.kind = kindOf(input.u8());
    this.atomic = (input.u8() & FLAG_ATOMIC) !== 0;
    this.origin = input.varint();
    this.txn = input.text();
    this.groupFirst = input.varint() as Lsn;
    this.groupLast = (this.groupFirst + input.varint() - 1) as Lsn;
    this.count = input.varint();
    this.countEnd = input.offset;
  }

  get records(): readonly LineRecord[] {
    this.decoded ??= this.decode();
    return this.decoded;
  }

  private decode(): LineRecord[] {
    const input = new ByteReader(this.value, this.countEnd);
    const isThinned = this.value[0] === FORMAT_THINNED;
    const left = isThinned ? input.varint() : this.count;
    let lsn: number = this.firstLsn;
    const { segment, offset } = this.place;
    const records: LineRecord[] = [];
    for (let i = 0; i < left; i++, lsn++) {
      lsn += isThinned ? input.varint() : 0;
      const collection = input.varint() as CollectionId;
      const op = input.u8() as Op;
      const previous = input.varint() as Lsn;
      const key = input.bytes();
      const imageAt = input.varint();
      const length = input.varint();
      const image = length === 0 ? undefined : { segment, offset: offset + imageAt, length };
      records.push({ lsn: lsn as Lsn, collection, op, previous, key, image });
    }
    return records;
  }
}
