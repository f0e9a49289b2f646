/*
 * An image file, little-endian like every machine it runs on:
 *
 *   header     [magic 8][format u32][kind u32][crc32c of those 16], padded to IMAGE_UNIT_BYTES
 *   pages      each [crc32c u32][bytes u32][entries u32][0 u32] [end of key u32]… [end of image u32]… keys… images…,
 *              padded to whole units; the checksum covers what `bytes` counts behind it
 *   directory  per page [first unit u32][length u16][first key]
 *   footer     [directory offset f64][directory length u32][directory crc32c u32][pages u32][0 u32]
 *              [entries f64][bytes of images f64][crc32c of the footer so far u32][magic u32]
 *
 * Entries are sorted by key, which is [docKey][~lsn u48]: the newest version of a document comes first. A base
 * has one version of each document that is there; a run has all of them, a tombstone as an image of no bytes.
 * No docKey is the beginning of another, so that a docKey alone finds its first entry.
 */

/** Version of image files; a newer one is not read but made again. */
export const IMAGE_FORMAT_VERSION = 1;
export const IMAGE_MAGIC = Buffer.from('ARGONIMG', 'ascii');
export const FOOTER_MAGIC = 0x31474d49;
/** Pages start at multiples of this and fill whole ones. */
export const IMAGE_UNIT_BYTES = 4096;
/** A page is closed when the next entry would pass this size; a longer document has a page of its own. */
export const PAGE_BYTES = 32 * 1024;
export const PAGE_HEADER_BYTES = 16;
export const FOOTER_BYTES = 48;

export const KIND_BASE = 1;
export const KIND_RUN = 2;
/** A base is a whole state; a run has every version of an LSN range. */
export type ImageKind = typeof KIND_BASE | typeof KIND_RUN;

/** Bytes of the complement of the LSN behind a docKey. */
export const LSN_SUFFIX_BYTES = 6;
const LSN_TOP = 2 ** 48 - 1;

/** The key of a version, as text. */
export function versionText(docText: string, lsn: number): string {
  const rest = LSN_TOP - lsn;
  const high = Math.floor(rest / 2 ** 24);
  const low = rest % 2 ** 24;
  return (
    docText +
    String.fromCharCode(
      high >>> 16,
      (high >>> 8) & 0xff,
      high & 0xff,
      low >>> 16,
      (low >>> 8) & 0xff,
      low & 0xff
    )
  );
}

/** The LSN that the six bytes before `end` stand for. */
export function versionLsn(bytes: Buffer, end: number): number {
  const high = (bytes[end - 6]! << 16) | (bytes[end - 5]! << 8) | bytes[end - 4]!;
  const low = (bytes[end - 3]! << 16) | (bytes[end - 2]! << 8) | bytes[end - 1]!;
  return LSN_TOP - (high * 2 ** 24 + low);
}

/** A text behind all versions of a document, and before the next document. */
export function behindText(docText: string): string {
  return `${versionText(docText, 0)}\0`;
}
