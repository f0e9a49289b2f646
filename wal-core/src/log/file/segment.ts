import { crc32c } from '@node-rs/crc32';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync
} from 'node:fs';
import { basename, join } from 'node:path';
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

/** The file of a segment that garbage collection has been over. It takes the place of the other. */
export function coldPath(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(8, '0')}.cold`);
}

/** Numbers of the segments in a directory, cold or not, ascending. */
export function listSegments(directory: string): number[] {
  const numbers = readdirSync(directory)
    .map(name => /^(\d{8})\.(?:log|cold)$/.exec(name))
    .filter(match => match !== null)
    .map(match => Number(match[1]));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

export function isCold(directory: string, segment: number): boolean {
  return existsSync(coldPath(directory, segment));
}

/** The file that holds a segment now. */
export function segmentFile(directory: string, segment: number): string {
  return isCold(directory, segment) ? coldPath(directory, segment) : segmentPath(directory, segment);
}

/** Puts a finished cold segment in the place of what it was made from; nothing is lost at any step of it. */
export function swapSegment(directory: string, segment: number, finished: string): void {
  renameSync(finished, coldPath(directory, segment));
  syncDirectory(directory);
  rmSync(segmentPath(directory, segment), { force: true });
  syncDirectory(directory);
}

/** Removes what a process that was killed while it swapped segments has left behind. */
export function tidySegments(directory: string): void {
  for (const name of readdirSync(directory)) {
    const cold = /^(\d{8})\.cold$/.exec(name)?.[1];
    if (cold !== undefined) {
      rmSync(segmentPath(directory, Number(cold)), { force: true });
    } else if (name.endsWith(UNFINISHED)) {
      rmSync(join(directory, name), { force: true });
    }
  }
}

/** Ending of the name of a file that is still being written. */
export const UNFINISHED = '.unfinished';

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
      { data: { file: basename(segmentPath('', segment)), segment, version } }
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
