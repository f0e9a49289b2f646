import type { Lsn } from '../api';
import type { Side } from './changed';

/*
 * What is known of a changed document: the LSNs of its versions on two sides.
 *   [newest change on side 0 u48][newest change on side 1 u48][version at the point where the sides part u48]
 * A side without a change of its own has the version of the point.
 */
const LSN_BYTES = 6;
const POINT_AT = 2 * LSN_BYTES;
export const SIDES_BYTES = 3 * LSN_BYTES;
/** Stands for an LSN that is not known; 0 stands for a version that never was. */
const NOT_KNOWN = 2 ** 48 - 1;

/** A document of which nothing is known. */
export const UNKNOWN = Buffer.alloc(SIDES_BYTES, 0xff);

/** What is known after one more change on a side; changes of a side come oldest first. */
export function withChange(
  known: Buffer | undefined,
  side: Side,
  { lsn, previous }: { readonly lsn: Lsn; readonly previous: Lsn },
  point: Lsn
): Buffer {
  const value = Buffer.allocUnsafe(SIDES_BYTES);
  if (known === undefined) {
    value.fill(0, 0, POINT_AT);
    // Garbage collection may have taken changes before this one: then it does not say what was there at the point.
    value.writeUIntBE(previous > point ? NOT_KNOWN : previous, POINT_AT, LSN_BYTES);
  } else {
    known.copy(value);
  }
  value.writeUIntBE(lsn, side * LSN_BYTES, LSN_BYTES);
  return value;
}

/** The LSN of the version on each side. */
export function readVersions(value: Buffer): readonly [Lsn | undefined, Lsn | undefined] {
  return [versionOn(value, 0), versionOn(value, 1)];
}

function versionOn(value: Buffer, side: Side): Lsn | undefined {
  const own = lsnAt(value, side * LSN_BYTES);
  const lsn = own === 0 ? lsnAt(value, POINT_AT) : own;
  return lsn === NOT_KNOWN ? undefined : (lsn as Lsn);
}

/** What is known after changes that followed others, when each was noted by itself. */
export function joined(older: Buffer, newer: Buffer): Buffer {
  const value = Buffer.from(older);
  for (const at of [0, LSN_BYTES]) {
    if (newer.readUIntBE(at, LSN_BYTES) !== 0) {
      newer.copy(value, at, at, at + LSN_BYTES);
    }
  }
  return value;
}

function lsnAt(value: Buffer, at: number): number {
  return value.readUInt16BE(at) * 2 ** 32 + value.readUInt32BE(at + 2);
}
