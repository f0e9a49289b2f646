import { crc32c } from '@node-rs/crc32';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { ByteWriter } from '../bytes';
import { ColdSegment } from './cold';
import {
  CODEC_BROTLI,
  CODEC_DEFLATE,
  CODEC_PLAIN,
  COLD_BLOCK_BYTES,
  COLD_FOOTER_BYTES,
  COLD_FOOTER_MAGIC,
  COLD_HEADER_BYTES,
  COLD_MAGIC
} from './coldformat';
import { ColdWriter } from './coldwriter';

const SEGMENT = 7;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'argon-cold-'));
  path = join(folder, 'cold');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes that nothing makes smaller. */
function noise(length: number): Buffer {
  let seed = 1;
  return Buffer.from(Array.from({ length }, () => (seed = (seed * 48271) % 0x7fffffff) >>> 13));
}

const codecs = (blocks: readonly number[]) => blocks.map(start => readFileSync(path)[start + 4]);

it('a block is compressed when that makes it smaller, and read by the offsets it had before', async () => {
  const text = Buffer.from('a line of text that comes again\n'.repeat(COLD_BLOCK_BYTES / 32));
  const rest = noise(COLD_BLOCK_BYTES);
  const writer = new ColdWriter(SEGMENT, path);
  await writer.add(100, text, []);
  await writer.add(500_000, rest, []);
  const size = await writer.finish(600_000, []);
  expect(size).toBe(readFileSync(path).length);
  const second = size - COLD_FOOTER_BYTES - readFileSync(path).readUInt32LE(size - COLD_FOOTER_BYTES + 6);
  expect(codecs([COLD_HEADER_BYTES, second - COLD_BLOCK_BYTES - 5])).toEqual([CODEC_BROTLI, CODEC_PLAIN]);
  const cold = ColdSegment.open(path, SEGMENT);
  expect(cold.read(100, text.length).equals(text)).toBe(true);
  expect(cold.read(100 + 32 * 50, 32).toString()).toBe('a line of text that comes again\n');
  expect(cold.read(500_000, rest.length).equals(rest)).toBe(true);
  expect(() => cold.read(400_000, 10)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }) as Error);
  cold.close();
});

/** A segment of format 1 as it was written: one block, deflated. */
function firstFormat(content: Buffer, version: number): Buffer {
  const header = Buffer.alloc(COLD_HEADER_BYTES);
  COLD_MAGIC.copy(header);
  header.writeUInt32LE(version, 8);
  header.writeUInt32LE(SEGMENT, 12);
  header.writeUInt32LE(crc32c(header.subarray(0, 16)), 16);
  const body = Buffer.concat([Buffer.alloc(4), Buffer.of(CODEC_DEFLATE), deflateRawSync(content)]);
  body.writeUInt32LE(crc32c(body.subarray(4)), 0);
  const out = new ByteWriter(64);
  for (const number of [1000, 1, 100, content.length, 1, body.length, 0, 0]) {
    out.varint(number);
  }
  const directory = Buffer.from(out.done());
  const footer = Buffer.alloc(COLD_FOOTER_BYTES);
  footer.writeUIntLE(header.length + body.length, 0, 6);
  footer.writeUInt32LE(directory.length, 6);
  footer.writeUInt32LE(crc32c(directory), 10);
  footer.writeUInt32LE(COLD_FOOTER_MAGIC, 14);
  footer.writeUInt32LE(crc32c(footer.subarray(0, 18)), 18);
  return Buffer.concat([header, body, directory, footer]);
}

it('a segment that an older version deflated is read, one of a newer version is refused', () => {
  const content = Buffer.from('what was written before '.repeat(30));
  writeFileSync(path, firstFormat(content, 1));
  const cold = ColdSegment.open(path, SEGMENT);
  expect(cold.read(100, content.length).equals(content)).toBe(true);
  cold.close();
  writeFileSync(path, firstFormat(content, 99));
  expect(() => ColdSegment.open(path, SEGMENT)).toThrow(
    expect.objectContaining({ code: 'FORMAT_TOO_NEW' }) as Error
  );
});
