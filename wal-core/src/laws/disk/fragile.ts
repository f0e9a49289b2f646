import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { type LogFileSystem, REAL_FILE_SYSTEM } from '../../log/file/log';

/** Bytes written to a segment that no flush has covered yet: after a power failure any of them may be missing. */
export interface Unflushed {
  /** Name of the segment's file. */
  readonly file: string;
  readonly position: number;
  readonly bytes: Buffer;
}

/** The name of the file behind a descriptor. */
export function fileOf(fd: number): string {
  return basename(readlinkSync(`/proc/self/fd/${fd}`));
}

/**
 * A disk for the log whose power can be cut: after so many calls it answers none any more, and it
 * knows what was written and not flushed. It flushes nothing for real: what a power failure leaves
 * is made from what it knows (see tear.ts).
 */
export class FragileDisk implements LogFileSystem {
  private unflushed: Unflushed[] = [];
  private left = Infinity;
  private readonly stuck: (() => void)[] = [];
  private lost: () => void = () => undefined;

  /** Cuts the power after `calls` more calls; resolves when one finds it gone. */
  cutAfter(calls: number): Promise<void> {
    this.left = calls;
    return new Promise(resolve => {
      this.lost = resolve;
    });
  }

  /** What a flush that was answered has not covered. */
  get atRisk(): readonly Unflushed[] {
    return this.unflushed;
  }

  /** Power again, for an engine that must be closed: the calls that hang fail now. */
  giveBack(): void {
    this.left = Infinity;
    this.unflushed = [];
    for (const fail of this.stuck.splice(0)) {
      fail();
    }
  }

  async write(fd: number, bytes: Buffer, position: number): Promise<void> {
    await this.call();
    this.unflushed.push({ file: fileOf(fd), position, bytes: Buffer.from(bytes) });
    await REAL_FILE_SYSTEM.write(fd, bytes, position);
  }

  async sync(fd: number): Promise<void> {
    await this.call();
    const file = fileOf(fd);
    this.unflushed = this.unflushed.filter(write => write.file !== file);
  }

  private async call(): Promise<void> {
    if (this.left-- > 0) {
      return;
    }
    this.lost();
    await new Promise((_, reject) => {
      this.stuck.push(() => reject(Object.assign(new Error('the power was cut'), { code: 'EIO' })));
    });
  }
}
