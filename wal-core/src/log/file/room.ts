import { LOG_ROOM_BYTES_MAX, LOG_ROOM_BYTES_MIN, LOG_ROOM_PART } from '../../limits';
import type { LogFileSystem } from './system';

/** A flush of more than this is as good without room. */
const SMALL_BYTES_MAX = 256 * 1024;

/**
 * Zeros behind the frames of the segment that is written to. Flushing bytes that the file has already leaves the file
 * system's journal alone, which else would have to take what others wrote first: beside a busy state such a flush takes a
 * third of the time. Zeros are written only where no frame is, and a frame goes there only when they are written.
 *
 * A segment ends with its last frame as soon as there is a frame behind it in another, or the log is closed; what a
 * crash leaves of its room is cut like a torn tail.
 */
export class Room {
  /** The file has frames or zeros up to here. */
  private end: number;
  private growing: Promise<void> | undefined;
  private isRefused = false;
  private hasZeros = false;

  /** @param used where the frames end */
  constructor(
    private readonly fileSystem: Pick<LogFileSystem, 'fill'>,
    private readonly path: string,
    used: number
  ) {
    this.end = used;
  }

  /** Whether the file may be longer than its frames. */
  get hasGrown(): boolean {
    return this.hasZeros;
  }

  /** Whether a frame that ends at `end` must wait until zeros are written. */
  isInTheWay(end: number): boolean {
    return this.growing !== undefined && end > this.end;
  }

  /** Frames of `bytes` are on disk up to `used`, and none is being written: makes more room when little is left, beside everything else. */
  grow(used: number, bytes: number, logBytes: number): void {
    const { fileSystem, path } = this;
    const size = Math.min(LOG_ROOM_BYTES_MAX, Math.max(LOG_ROOM_BYTES_MIN, logBytes * LOG_ROOM_PART));
    if (
      fileSystem.fill === undefined ||
      this.growing !== undefined ||
      this.isRefused ||
      bytes > SMALL_BYTES_MAX ||
      this.end - used > size / 2
    ) {
      return;
    }
    const from = Math.max(this.end, used);
    const length = Math.ceil(size);
    this.end = from;
    this.hasZeros = true;
    this.growing = fileSystem
      .fill(path, from, length)
      .then(() => {
        this.end = from + length;
      })
      .catch(() => {
        // The disk is full, or worse: frames find out for themselves, and do without room.
        this.isRefused = true;
      })
      .finally(() => {
        this.growing = undefined;
      });
  }

  /** Resolves when no zeros are being written. */
  async settled(): Promise<void> {
    await this.growing;
  }
}
