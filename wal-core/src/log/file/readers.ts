import { close, openSync, readSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { ArgonError } from '../../errors';
import { frameSizeAt } from '../frame';
import { BlockCache, ColdSegment } from './cold';
import { coldPath, isCold, type Place, segmentPath } from './segment';

const FILES_OPEN_MAX = 64;

/** Reads what is on disk, from whichever file holds a segment now. */
export class SegmentReaders {
  private readonly files = new LRUCache<number, number>({
    max: FILES_OPEN_MAX,
    dispose: fd => close(fd, () => undefined)
  });
  private readonly blocks = new BlockCache();
  private readonly cold = new LRUCache<number, ColdSegment>({
    max: FILES_OPEN_MAX,
    dispose: segment => segment.close()
  });
  /** The segment that is written to; its descriptor is the writer's. */
  private active: { readonly segment: number; readonly fd: number } | undefined;

  constructor(private readonly directory: string) {}

  /** The writer goes on in this segment. */
  follow(segment: number, fd: number): void {
    this.active = { segment, fd };
  }

  /** Takes over the descriptor of a segment that nobody writes to any more. */
  adopt(segment: number, fd: number): void {
    this.files.set(segment, fd);
  }

  /** Another file holds the segment from now on. */
  forget(segment: number): void {
    this.files.delete(segment);
    this.cold.delete(segment);
  }

  /**
   * Bytes at a place; the range must lie inside one frame that is on disk.
   * @throws DATA_CORRUPT when the segment ends before, READ_FAILED
   */
  read({ segment, offset }: Place, length: number): Buffer {
    try {
      let fd = this.active?.segment === segment ? this.active.fd : this.files.get(segment);
      if (fd === undefined) {
        const cold = this.coldSegment(segment);
        if (cold !== undefined) {
          return cold.read(offset, length);
        }
        fd = openSync(segmentPath(this.directory, segment), 'r');
        this.files.set(segment, fd);
      }
      const bytes = Buffer.allocUnsafe(length);
      if (readSync(fd, bytes, 0, length, offset) === length) {
        return bytes;
      }
    } catch (cause) {
      throw cause instanceof ArgonError ? cause : readError(segment, cause);
    }
    throw new ArgonError('DATA_CORRUPT', `Log segment ${segment} ends before byte ${offset + length}.`, {
      data: { segment, offset }
    });
  }

  /** A whole frame that is on disk, its checksum checked. @throws DATA_CORRUPT */
  readFrame({ segment, offset, length }: Place & { readonly length: number }): Buffer {
    const bytes = this.read({ segment, offset }, length);
    if (frameSizeAt(bytes, 0) !== length) {
      throw new ArgonError('DATA_CORRUPT', `Log segment ${segment} is damaged at byte ${offset}.`, {
        data: { segment, offset }
      });
    }
    return bytes;
  }

  /** A segment that garbage collection has been over; undefined while it is one file of frames. */
  coldSegment(segment: number): ColdSegment | undefined {
    let cold = this.cold.get(segment);
    if (cold === undefined && isCold(this.directory, segment)) {
      cold = ColdSegment.open(coldPath(this.directory, segment), segment, this.blocks);
      this.cold.set(segment, cold);
    }
    return cold;
  }

  close(): void {
    this.active = undefined;
    this.files.clear();
    this.cold.clear();
  }
}

function readError(segment: number, cause: unknown): ArgonError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  return new ArgonError('READ_FAILED', `Log segment ${segment} could not be read (${code}). Try again.`, {
    data: { segment },
    cause
  });
}
