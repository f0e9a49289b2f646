import { crc32c } from '@node-rs/crc32';
import { ArgonError } from '../errors';
import { INLINE_IMAGE_BYTES_MAX } from '../limits';
import type { Place } from '../log/file/segment';

/*
 * Value of a `ver` row:
 *   [0]                                                    tombstone
 *   [1][image]                                             small image
 *   [2][crc32c u32][segment u32][offset u48][length u32]   place of the image in the log
 * The store has a checksum for what lies in the row; the one here is of the bytes in the log.
 */
const TOMBSTONE = 0;
const INLINE = 1;
const PLACED = 2;
const PLACED_BYTES = 19;
const TOMBSTONE_VALUE = Buffer.from([TOMBSTONE]);

/** The value of a `ver` row. A small image lies in it: one read of the state answers a read of the document. */
export function encodeVersion(image: Buffer | undefined, place: Place): Buffer {
  if (image === undefined) {
    return TOMBSTONE_VALUE;
  }
  if (image.length <= INLINE_IMAGE_BYTES_MAX) {
    const value = Buffer.allocUnsafe(1 + image.length);
    value[0] = INLINE;
    image.copy(value, 1);
    return value;
  }
  const value = Buffer.allocUnsafe(PLACED_BYTES);
  value[0] = PLACED;
  value.writeUInt32LE(crc32c(image), 1);
  value.writeUInt32LE(place.segment, 5);
  value.writeUIntLE(place.offset, 9, 6);
  value.writeUInt32LE(image.length, 15);
  return value;
}

/**
 * The image a `ver` value stands for; undefined for a tombstone.
 * @throws DATA_CORRUPT when the checksum does not fit
 */
export function decodeVersion(
  value: Buffer,
  read: (place: Place, length: number) => Buffer
): Buffer | undefined {
  if (value[0] === TOMBSTONE) {
    return undefined;
  }
  if (value[0] === INLINE) {
    return value.subarray(1);
  }
  const place = { segment: value.readUInt32LE(5), offset: value.readUIntLE(9, 6) };
  const image = read(place, value.readUInt32LE(15));
  if (crc32c(image) !== value.readUInt32LE(1)) {
    throw new ArgonError('DATA_CORRUPT', 'The checksum of a stored document does not match.');
  }
  return image;
}

/** Bytes of an image that the value only names the place of. */
export function placedBytes(value: Buffer): number {
  return value[0] === PLACED ? value.readUInt32LE(15) : 0;
}

export function isTombstone(value: Buffer): boolean {
  return value[0] === TOMBSTONE;
}
