import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Unflushed } from './fragile';

/**
 * How a power failure leaves unflushed bytes: all there, none, a first part of them, or only some of
 * the sectors or pages, in whatever order the disk took them.
 */
export type Tear = 'kept' | 'dropped' | 'cut' | 'sectors' | 'pages';
export const TEARS: readonly Tear[] = ['kept', 'dropped', 'cut', 'sectors', 'pages'];

const UNIT_BYTES = { sectors: 512, pages: 4096 } as const;

/** Leaves the unflushed bytes of a copy of a log as a power failure may. `below` draws what it leaves. */
export function tear(
  log: string,
  unflushed: readonly Unflushed[],
  kind: Tear,
  below: (n: number) => number
): void {
  if (kind === 'kept') {
    return;
  }
  for (const { file, position, bytes } of unflushed) {
    const fd = openSync(join(log, file), 'r+');
    try {
      if (kind === 'dropped') {
        ftruncateSync(fd, Math.min(position, fstatSync(fd).size));
      } else if (kind === 'cut') {
        ftruncateSync(fd, Math.min(position + below(bytes.length), fstatSync(fd).size));
      } else {
        loseUnits(fd, position, bytes.length, UNIT_BYTES[kind], below);
      }
    } finally {
      closeSync(fd);
    }
  }
}

/** Some of the units that a write touches never reached the disk: there the file is empty, or ends earlier. */
function loseUnits(
  fd: number,
  position: number,
  length: number,
  unit: number,
  below: (n: number) => number
): void {
  const end = position + length;
  let last = position;
  for (let start = position; start < end;) {
    const next = Math.min(end, (Math.floor(start / unit) + 1) * unit);
    if (below(2) === 0) {
      writeSync(fd, Buffer.alloc(next - start), 0, next - start, start);
    } else {
      last = next;
    }
    start = next;
  }
  if (below(2) === 0) {
    ftruncateSync(fd, last);
  }
}
