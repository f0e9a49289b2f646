import { compress, uncompress } from 'snappyjs';

/** Bytes of the offset behind a tag, by the kind of copy that the tag names. */
const OFFSET_BYTES = [0, 1, 2, 4] as const;
/** Literals up to this length have it in their tag. */
const TAGGED_LENGTH_MAX = 60;

export function packSnappy(body: Buffer): Buffer {
  return compress(body);
}

/** @throws Error when it is not snappy's, or not of `size` bytes */
export function unpackSnappy(packed: Buffer, size: number): Buffer {
  assertSound(packed, size);
  return uncompress(packed, size);
}

/**
 * The library trusts the lengths of literals, and one that lies makes it go round for ever: all are walked before, at a
 * fraction of the cost. https://github.com/google/snappy/blob/main/format_description.txt
 */
function assertSound(packed: Buffer, size: number): void {
  let at = 0;
  let announced = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = packed[at++];
    if (byte === undefined || at > 5) {
      throw new Error('it does not begin with a length');
    }
    announced += (byte & 0x7f) * shift;
    if (byte < 0x80) {
      break;
    }
  }
  let made = 0;
  while (at < packed.length && made <= size) {
    const tag = packed[at++]!;
    const kind = (tag & 3) as 0 | 1 | 2 | 3;
    let length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    if (kind === 0) {
      const bytes = Math.max(0, length - TAGGED_LENGTH_MAX);
      if (at + bytes > packed.length) {
        throw new Error('a length is cut off');
      }
      length = bytes === 0 ? length : packed.readUIntLE(at, bytes) + 1;
      at += bytes + length;
    } else {
      const bytes = OFFSET_BYTES[kind];
      if (at + bytes > packed.length) {
        throw new Error('an offset is cut off');
      }
      const offset = packed.readUIntLE(at, bytes) + (kind === 1 ? (tag >>> 5) * 256 : 0);
      at += bytes;
      if (offset === 0 || offset > made) {
        throw new Error('an offset lies outside');
      }
    }
    made += length;
  }
  if (at !== packed.length || made !== size || announced !== size) {
    throw new Error('its lengths do not fit');
  }
}
