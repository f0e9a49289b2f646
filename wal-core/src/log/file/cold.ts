import { crc32c } from '@node-rs/crc32';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { brotliDecompressSync, inflateRawSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { ArgonError } from '../../errors';
import { COLD_CACHE_BYTES_MAX } from '../../limits';
import { ByteReader } from '../bytes';
import { FRAME_HEADER_BYTES, frameSizeAt } from '../frame';
import {
  CODEC_BROTLI,
  CODEC_DEFLATE,
  CODEC_PLAIN,
  COLD_BLOCK_BYTES,
  COLD_BLOCK_HEAD_BYTES,
  COLD_FOOTER_BYTES,
  COLD_FOOTER_MAGIC,
  COLD_FORMAT_VERSION,
  COLD_FORMAT_WITH_NEXT,
  COLD_HEADER_BYTES,
  COLD_MAGIC,
  type ColdCount,
  type ColdOrdinal
} from './coldformat';

interface Range {
  /** Where it lay in the segment. */
  readonly offset: number;
  readonly length: number;
  /** Where it lies in the content. */
  readonly at: number;
}

/** Blocks that were read last, of all cold segments of a log. */
export class BlockCache extends LRUCache<string, Buffer, unknown> {
  constructor() {
    super({ maxSize: COLD_CACHE_BYTES_MAX, sizeCalculation: block => block.length });
  }
}

let nextId = 0;

/** An open cold segment: see coldformat.ts. */
export class ColdSegment {
  /** Where the segment ended before. */
  readonly end: number;
  readonly ordinals: readonly ColdOrdinal[];
  readonly counts: readonly ColdCount[];
  private readonly ranges: readonly Range[];
  /** Where block i starts in the file; one more for the end of the last. */
  private readonly blocks: readonly number[];

  /** No other open file has it, also not a later one of the same segment. */
  private readonly id = nextId++;

  private constructor(
    readonly segment: number,
    private readonly fd: number,
    private readonly cache: BlockCache
  ) {
    const header = this.bytesAt(0, COLD_HEADER_BYTES);
    if (
      !header.subarray(0, 8).equals(COLD_MAGIC) ||
      header.readUInt32LE(16) !== crc32c(header.subarray(0, 16)) ||
      header.readUInt32LE(12) !== segment
    ) {
      throw this.damaged(0);
    }
    const version = header.readUInt32LE(8);
    if (version > COLD_FORMAT_VERSION) {
      throw new ArgonError(
        'FORMAT_TOO_NEW',
        `Log segment ${segment} has format ${version} of cold segments; this version of Argon reads up to ${COLD_FORMAT_VERSION}. Update Argon.`,
        { data: { file: `${String(segment).padStart(8, '0')}.cold`, segment, version } }
      );
    }
    const { size } = fstatSync(fd);
    const footer = this.bytesAt(Math.max(0, size - COLD_FOOTER_BYTES), COLD_FOOTER_BYTES);
    if (
      footer.readUInt32LE(14) !== COLD_FOOTER_MAGIC ||
      footer.readUInt32LE(18) !== crc32c(footer.subarray(0, 18))
    ) {
      throw this.damaged(size);
    }
    const directory = this.bytesAt(footer.readUIntLE(0, 6), footer.readUInt32LE(6));
    if (crc32c(directory) !== footer.readUInt32LE(10)) {
      throw this.damaged(footer.readUIntLE(0, 6));
    }
    const input = new ByteReader(directory);
    const list = <T>(read: () => T) => Array.from({ length: input.varint() }, read);
    this.end = input.varint();
    let [next, at] = [0, 0];
    this.ranges = list(() => {
      const offset = next + input.varint();
      const range = { offset, length: input.varint(), at };
      next = offset + range.length;
      at += range.length;
      return range;
    });
    let position = COLD_HEADER_BYTES;
    this.blocks = [position, ...list(() => (position += input.varint()))];
    this.ordinals = list(() => ({
      offset: input.varint(),
      section: input.varint(),
      ordinal: input.varint()
    }));
    this.counts = list(() => ({
      timeline: input.varint(),
      count: input.varint(),
      next: version < COLD_FORMAT_WITH_NEXT ? 0 : input.varint()
    }));
  }

  /** @throws DATA_CORRUPT, FORMAT_TOO_NEW */
  static open(path: string, segment: number, cache = new BlockCache()): ColdSegment {
    const fd = openSync(path, 'r');
    try {
      return new ColdSegment(segment, fd, cache);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Bytes that lay at an offset of the segment. @throws DATA_CORRUPT when they are not there */
  read(offset: number, length: number): Buffer {
    const range = this.ranges[this.rangeOf(offset)];
    if (range === undefined || offset + length > range.offset + range.length) {
      throw this.damaged(offset);
    }
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0, at = range.at + offset - range.offset; done < length;) {
      const block = this.block(Math.floor(at / COLD_BLOCK_BYTES));
      const copied = block.copy(bytes, done, at % COLD_BLOCK_BYTES);
      if (copied === 0) {
        throw this.damaged(offset);
      }
      done += copied;
      at += copied;
    }
    return bytes;
  }

  /** The frames that are left, from `offset` on. @throws DATA_CORRUPT */
  *frames(offset: number): Generator<{ readonly offset: number; readonly bytes: Buffer }> {
    for (const range of this.ranges) {
      const end = range.offset + range.length;
      for (let at = range.offset; at < end;) {
        const size =
          at + FRAME_HEADER_BYTES > end
            ? 0
            : FRAME_HEADER_BYTES + this.read(at, FRAME_HEADER_BYTES).readUInt32LE(0);
        if (size === 0 || at + size > end) {
          throw this.damaged(at);
        }
        if (at >= offset) {
          const bytes = this.read(at, size);
          if (frameSizeAt(bytes, 0) !== size) {
            throw this.damaged(at);
          }
          yield { offset: at, bytes };
        }
        at += size;
      }
    }
  }

  /** Position of the last range that starts at or before `offset`. */
  private rangeOf(offset: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle]!.offset <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  private block(i: number): Buffer {
    const name = `${this.id} ${i}`;
    let block = this.cache.get(name);
    if (block === undefined) {
      block = this.readBlock(i);
      this.cache.set(name, block);
    }
    return block;
  }

  private readBlock(i: number): Buffer {
    const start = this.blocks[i];
    const end = this.blocks[i + 1];
    if (start === undefined || end === undefined || end - start < COLD_BLOCK_HEAD_BYTES) {
      throw this.damaged(start ?? 0);
    }
    const stored = this.bytesAt(start, end - start);
    if (crc32c(stored.subarray(4)) !== stored.readUInt32LE(0)) {
      throw this.damaged(start);
    }
    const body = stored.subarray(COLD_BLOCK_HEAD_BYTES);
    switch (stored[4]) {
      case CODEC_PLAIN:
        return body;
      case CODEC_DEFLATE:
        return inflateRawSync(body, { maxOutputLength: COLD_BLOCK_BYTES });
      case CODEC_BROTLI:
        return brotliDecompressSync(body, { maxOutputLength: COLD_BLOCK_BYTES });
      default:
        throw this.damaged(start);
    }
  }

  private bytesAt(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const got = readSync(this.fd, bytes, done, length - done, position + done);
      if (got === 0) {
        throw this.damaged(position + done);
      }
      done += got;
    }
    return bytes;
  }

  private damaged(offset: number): ArgonError {
    return new ArgonError('DATA_CORRUPT', `Cold log segment ${this.segment} is damaged at byte ${offset}.`, {
      data: { segment: this.segment, offset }
    });
  }
}
