import type { DocKey, Lsn } from '../api';

/*
 * Value of an `idx` or `idxh` row: [kind u8][from u48][KeyString length u16].
 * `live`: the document has this key since `from`. `gone`: since `from` it has not, though an
 * ancestor's entry says so (masking on a branch).
 */
export const LIVE = 0;
export const GONE = 1;
export type EntryKind = typeof LIVE | typeof GONE;

export interface EntryValue {
  readonly kind: EntryKind;
  readonly from: Lsn;
  readonly keyStringLength: number;
}

export function encodeEntry(kind: EntryKind, from: number, keyStringLength: number): Buffer {
  const value = Buffer.allocUnsafe(9);
  value[0] = kind;
  value.writeUIntBE(from, 1, 6);
  value.writeUInt16BE(keyStringLength, 7);
  return value;
}

export function decodeEntry(value: Buffer): EntryValue {
  return {
    kind: value[0] as EntryKind,
    from: value.readUIntBE(1, 6) as Lsn,
    keyStringLength: value.readUInt16BE(7)
  };
}

/** KeyString and docKey as they stand in the key, one behind the other: the order of an index. */
export interface IndexEntry {
  readonly composite: Buffer;
  readonly docKey: DocKey;
}
