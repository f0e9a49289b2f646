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
 */
const FORMAT = 1;
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
  /** Number of records. */
  readonly count: number;
  readonly records: readonly LineRecord[];
}

/** Rows for a section whose frame lies at `place`; `ordinal` is the number of changes before it. */
export function encodeLine(
  section: ChangeSection,
  time: CommitTime,
  place: Place,
  ordinal: number
): { firstLsn: Lsn; value: Buffer }[] {
  const rows: { firstLsn: Lsn; value: Buffer }[] = [];
  const total = section.records.length;
  for (let start = 0; start < total;) {
    const body = new ByteWriter(512);
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
    const out = new ByteWriter(body.length + 128);
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
    rows.push({ firstLsn: (section.firstLsn + start) as Lsn, value: Buffer.from(out.done()) });
    start += count;
  }
  return rows;
}

export function decodeLine(firstLsn: Lsn, value: Buffer): LineRow {
  return new DecodedLine(firstLsn, value);
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
  private readonly place: Place;
  private readonly recordsAt: number;
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
    this.recordsAt = input.offset;
  }

  get records(): readonly LineRecord[] {
    this.decoded ??= this.decode();
    return this.decoded;
  }

  private decode(): LineRecord[] {
    const input = new ByteReader(this.value, this.recordsAt);
    const { segment, offset } = this.place;
    const records: LineRecord[] = [];
    for (let i = 0; i < this.count; i++) {
      const collection = input.varint() as CollectionId;
      const op = input.u8() as Op;
      const previous = input.varint() as Lsn;
      const key = input.bytes();
      const imageAt = input.varint();
      const length = input.varint();
      const image = length === 0 ? undefined : { segment, offset: offset + imageAt, length };
      records.push({ lsn: (this.firstLsn + i) as Lsn, collection, op, previous, key, image });
    }
    return records;
  }
}
