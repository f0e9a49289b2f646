import type { Lsn } from '../api';

/** Head of a timeline as the state has it, and the number of its changes up to it. */
export interface HeadRow {
  readonly lsn: Lsn;
  readonly count: number;
}

/** `[LSN u48][changes u48]` */
export function encodeHeadRow({ lsn, count }: HeadRow): Buffer {
  const value = Buffer.allocUnsafe(12);
  value.writeUIntBE(lsn, 0, 6);
  value.writeUIntBE(count, 6, 6);
  return value;
}

export function decodeHeadRow(value: Buffer): HeadRow {
  return { lsn: value.readUIntBE(0, 6) as Lsn, count: value.readUIntBE(6, 6) };
}
