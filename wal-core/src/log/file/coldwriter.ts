import { crc32c } from '@node-rs/crc32';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { ByteWriter } from '../bytes';
import {
  CODEC_BROTLI,
  CODEC_PLAIN,
  COLD_BLOCK_BYTES,
  COLD_BLOCK_HEAD_BYTES,
  COLD_FOOTER_BYTES,
  COLD_FOOTER_MAGIC,
  COLD_FORMAT_VERSION,
  COLD_HEADER_BYTES,
  COLD_MAGIC,
  type ColdCount,
  type ColdOrdinal
} from './coldformat';

const compress = promisify(brotliCompress);

/** Higher qualities gain 1 % and take longer. The window holds a block. */
const BROTLI = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 17 }
};

/** Writes a cold segment, or only finds out how large it would be. */
export class ColdWriter {
  private fd: number | undefined;
  private position = COLD_HEADER_BYTES;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private readonly ranges: { offset: number; length: number }[] = [];
  private readonly blocks: number[] = [];
  private readonly ordinals: ColdOrdinal[] = [];

  /** Without a path nothing is written. */
  constructor(segment: number, path: string | undefined) {
    this.fd = path === undefined ? undefined : openSync(path, 'w', 0o600);
    const header = Buffer.alloc(COLD_HEADER_BYTES);
    COLD_MAGIC.copy(header, 0);
    header.writeUInt32LE(COLD_FORMAT_VERSION, 8);
    header.writeUInt32LE(segment, 12);
    header.writeUInt32LE(crc32c(header.subarray(0, 16)), 16);
    this.write(header, 0);
  }

  /** Adds a frame that lay at `offset`; frames come in ascending order. */
  async add(offset: number, bytes: Buffer, ordinals: readonly ColdOrdinal[]): Promise<void> {
    const last = this.ranges.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      last.length += bytes.length;
    } else {
      this.ranges.push({ offset, length: bytes.length });
    }
    this.ordinals.push(...ordinals);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + COLD_BLOCK_BYTES - this.pendingBytes);
      this.pending.push(part);
      this.pendingBytes += part.length;
      at += part.length;
      if (this.pendingBytes === COLD_BLOCK_BYTES) {
        await this.block();
      }
    }
  }

  private async block(): Promise<void> {
    const content = Buffer.concat(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    const compressed = await compress(content, BROTLI);
    const isSmaller = compressed.length < content.length;
    const body = isSmaller ? compressed : content;
    const stored = Buffer.allocUnsafe(COLD_BLOCK_HEAD_BYTES + body.length);
    stored[4] = isSmaller ? CODEC_BROTLI : CODEC_PLAIN;
    body.copy(stored, COLD_BLOCK_HEAD_BYTES);
    stored.writeUInt32LE(crc32c(stored.subarray(4)), 0);
    this.write(stored, this.position);
    this.position += stored.length;
    this.blocks.push(stored.length);
  }

  /** Ends the file and brings it to the disk; answers its size. `end` is where the segment ended before. */
  async finish(end: number, counts: readonly ColdCount[]): Promise<number> {
    if (this.pendingBytes > 0) {
      await this.block();
    }
    const directory = this.directory(end, counts);
    const footer = Buffer.alloc(COLD_FOOTER_BYTES);
    footer.writeUIntLE(this.position, 0, 6);
    footer.writeUInt32LE(directory.length, 6);
    footer.writeUInt32LE(crc32c(directory), 10);
    footer.writeUInt32LE(COLD_FOOTER_MAGIC, 14);
    footer.writeUInt32LE(crc32c(footer.subarray(0, 18)), 18);
    this.write(directory, this.position);
    this.write(footer, this.position + directory.length);
    if (this.fd !== undefined) {
      fsyncSync(this.fd);
      this.abandon();
    }
    return this.position + directory.length + footer.length;
  }

  private directory(end: number, counts: readonly ColdCount[]): Buffer {
    const out = new ByteWriter(4096);
    out.varint(end);
    out.varint(this.ranges.length);
    let next = 0;
    for (const { offset, length } of this.ranges) {
      out.varint(offset - next);
      out.varint(length);
      next = offset + length;
    }
    out.varint(this.blocks.length);
    this.blocks.forEach(stored => out.varint(stored));
    out.varint(this.ordinals.length);
    for (const { offset, section, ordinal } of this.ordinals) {
      out.varint(offset);
      out.varint(section);
      out.varint(ordinal);
    }
    out.varint(counts.length);
    for (const { timeline, count, next: lsn } of counts) {
      out.varint(timeline);
      out.varint(count);
      out.varint(lsn);
    }
    return out.done();
  }

  /** Closes the file; one that was not finished is not to be used. */
  abandon(): void {
    if (this.fd !== undefined) {
      closeSync(this.fd);
      this.fd = undefined;
    }
  }

  private write(bytes: Buffer, position: number): void {
    if (this.fd === undefined) {
      return;
    }
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done);
    }
  }
}
