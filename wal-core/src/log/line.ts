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
  /** First and last LSN of the whole commit on this timeline. */
  readonly groupFirst: Lsn;
  readonly groupLast: Lsn;
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
    out.varint(section.firstLsn);
    out.varint(total);
    out.varint(count);
    out.raw(body.done());
    rows.push({ firstLsn: (section.firstLsn + start) as Lsn, value: Buffer.from(out.done()) });
    start += count;
  }
  return rows;
}

export function decodeLine(firstLsn: Lsn, value: Buffer): LineRow {
  const input = new ByteReader(value, 1);
  const ordinal = input.varint();
  const segment = input.varint();
  const frameOffset = input.varint();
  const time = input.u64() as CommitTime;
  const kind = kindOf(input.u8());
  const atomic = (input.u8() & FLAG_ATOMIC) !== 0;
  const origin = input.varint();
  const txn = input.text();
  const groupFirst = input.varint() as Lsn;
  const groupLast = (groupFirst + input.varint() - 1) as Lsn;
  const records: LineRecord[] = [];
  for (let count = input.varint(), lsn: number = firstLsn; count > 0; count--, lsn++) {
    const collection = input.varint() as CollectionId;
    const op = input.u8() as Op;
    const previous = input.varint() as Lsn;
    const key = input.bytes();
    const imageAt = input.varint();
    const length = input.varint();
    const image = length === 0 ? undefined : { segment, offset: frameOffset + imageAt, length };
    records.push({ lsn: lsn as Lsn, collection, op, previous, key, image });
  }
  return { firstLsn, ordinal, time, kind, atomic, origin, txn, groupFirst, groupLast, records };
}
