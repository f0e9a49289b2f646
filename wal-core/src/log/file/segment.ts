import { crc32c } from '@node-rs/crc32';
import { closeSync, fsyncSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ArgonError } from '../../errors';

/** A segment starts with: magic (8), format version (u32), segment number (u32), crc32c of those 16 bytes. */
export const SEGMENT_HEADER_BYTES = 20;
export const LOG_FORMAT_VERSION = 1;
const MAGIC = Buffer.from('ARGONLOG', 'ascii');

/** Where a frame or an image lies in the log. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
}

export function segmentPath(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(8, '0')}.log`);
}

/** Numbers of the segments in a directory, ascending. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .map(name => /^(\d{8})\.log$/.exec(name))
    .filter(match => match !== null)
    .map(match => Number(match[1]))
    .sort((a, b) => a - b);
}

/** Creates a segment with its header on disk; answers the open file descriptor. */
export function createSegment(directory: string, segment: number): number {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header, 0);
  header.writeUInt32LE(LOG_FORMAT_VERSION, 8);
  header.writeUInt32LE(segment, 12);
  header.writeUInt32LE(crc32c(header.subarray(0, 16)), 16);
  const fd = openSync(segmentPath(directory, segment), 'w+', 0o600);
  try {
    writeSync(fd, header, 0, header.length, 0);
    fsyncSync(fd);
    syncDirectory(directory);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

/**
 * Whether a segment starts with its whole header.
 * @throws FORMAT_TOO_NEW
 */
export function hasSegmentHeader(fd: number, segment: number): boolean {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  if (
    readSync(fd, header, 0, header.length, 0) < header.length ||
    !header.subarray(0, 8).equals(MAGIC) ||
    header.readUInt32LE(16) !== crc32c(header.subarray(0, 16))
  ) {
    return false;
  }
  const version = header.readUInt32LE(8);
  if (version > LOG_FORMAT_VERSION) {
    throw new ArgonError(
      'FORMAT_TOO_NEW',
      `Log segment ${segment} has format ${version}; this version of Argon reads up to ${LOG_FORMAT_VERSION}. Update Argon.`,
      { data: { segment, version } }
    );
  }
  return header.readUInt32LE(12) === segment;
}

/** Makes created, renamed and removed names durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
