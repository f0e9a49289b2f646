import { type LogFileSystem, REAL_FILE_SYSTEM } from '../../log/file/log';
import { fileOf, type Unflushed } from './fragile';

/** A call that the log made: bytes written, or a flush of everything written to a file. */
export type Call =
  { readonly do: 'write'; readonly write: Unflushed } | { readonly do: 'sync'; readonly file: string };

/** A disk for the log that remembers what was asked of it, in order. It flushes nothing for real. */
export class RecordingDisk implements LogFileSystem {
  readonly calls: Call[] = [];

  async write(fd: number, bytes: Buffer, position: number): Promise<void> {
    await REAL_FILE_SYSTEM.write(fd, bytes, position);
    this.calls.push({ do: 'write', write: { file: fileOf(fd), position, bytes: Buffer.from(bytes) } });
  }

  async sync(fd: number): Promise<void> {
    // As a real disk, it lets others go on meanwhile: more frames gather for the next group.
    await new Promise(resolve => setImmediate(resolve));
    this.calls.push({ do: 'sync', file: fileOf(fd) });
  }
}

/** What the first calls leave: bytes of each file, and which of them no flush has covered. */
export function contentsAfter(calls: readonly Call[]): {
  readonly files: ReadonlyMap<string, readonly Unflushed[]>;
  readonly unflushed: readonly Unflushed[];
} {
  const files = new Map<string, Unflushed[]>();
  let unflushed: Unflushed[] = [];
  for (const call of calls) {
    if (call.do === 'sync') {
      unflushed = unflushed.filter(write => write.file !== call.file);
    } else {
      files.set(call.write.file, [...(files.get(call.write.file) ?? []), call.write]);
      unflushed.push(call.write);
    }
  }
  return { files, unflushed };
}
