import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitTime } from '../../api';
import { decodeFrame, writeFrame } from '../frame';
import { FileLog, type FramePlace } from './log';
import { segmentPath } from './segment';
import { type LogFileSystem, REAL_FILE_SYSTEM } from './system';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'argon-room-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Appends a frame of about so many bytes; resolves with its place when it is on disk. */
function append(log: FileLog, time: number, bytes: number): Promise<FramePlace> {
  const control = [{ table: 1, scope: 0, key: Buffer.from('key'), value: Buffer.alloc(bytes, time) }];
  const frame = { time: BigInt(time) as CommitTime, changes: [], groups: [], control };
  return new Promise((resolve, reject) => {
    const place = log.append(
      (out, durable) => writeFrame(out, frame, durable),
      () => resolve(place),
      reject
    );
  });
}

/** Times of the frames that a log has. */
async function timesOf(directory: string): Promise<{ readonly log: FileLog; readonly times: number[] }> {
  const log = new FileLog(directory);
  const times: number[] = [];
  await log.recover(undefined, {
    replay: ({ bytes }) => {
      times.push(Number(decodeFrame(bytes).time));
      return undefined;
    }
  });
  return { log, times };
}

/** A disk that fills late, or not at all. */
function lateDisk(delays: readonly number[], fails: boolean): LogFileSystem & { fills: number } {
  return {
    ...REAL_FILE_SYSTEM,
    sync: async () => {
      await new Promise(resolve => setImmediate(resolve));
    },
    fills: 0,
    async fill(path, position, bytes) {
      for (let turns = delays[this.fills++ % delays.length]!; turns > 0; turns--) {
        await new Promise(resolve => setImmediate(resolve));
      }
      if (fails && this.fills > 1) {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      }
      await REAL_FILE_SYSTEM.fill!(path, position, bytes);
    }
  };
}

it('zeros never take the place of frames, and each segment ends with its last', async () => {
  const sizes = fc.array(fc.constantFrom(10, 3_000, 30_000, 90_000, 300_000), {
    minLength: 5,
    maxLength: 40
  });
  const delays = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });
  let rooms = 0;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      sizes,
      delays,
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (all, late, at, fails) => {
        const directory = join(folder, String(run++));
        const disk = lateDisk(late, fails);
        const log = new FileLog(directory, { fileSystem: disk, segmentBytesMax: 400_000 });
        await log.recover(undefined, { replay: () => undefined });
        const places: FramePlace[] = [];
        for (let i = 0; i < all.length; i += at) {
          places.push(
            ...(await Promise.all(all.slice(i, i + at).map((bytes, k) => append(log, i + k + 1, bytes))))
          );
        }
        // Each frame is there as it was written, while there is room behind it and when there is none.
        places.forEach(place => expect(log.readFrame(place)).toHaveLength(place.length));
        await log.close();
        rooms += disk.fills;
        const ends = new Map(places.map(({ segment, offset, length }) => [segment, offset + length]));
        for (const [segment, end] of ends) {
          expect(statSync(segmentPath(directory, segment)).size).toBe(end);
        }
        const { log: again, times } = await timesOf(directory);
        expect(times).toEqual(all.map((_, i) => i + 1));
        await again.close();
      }
    ),
    { numRuns: 40 }
  );
  expect(rooms).toBeGreaterThan(40);
});

it('what a killed process leaves of its room is cut, and the log goes on behind its last frame', async () => {
  const killed = new FileLog(folder);
  await killed.recover(undefined, { replay: () => undefined });
  const first = await append(killed, 1, 100);
  // The room is made beside the writers.
  while (statSync(segmentPath(folder, 1)).size === first.offset + first.length) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  const second = await append(killed, 2, 100);
  const end = second.offset + second.length;
  const left = readFileSync(segmentPath(folder, 1));
  expect(left.length).toBeGreaterThan(end + 10_000);
  expect(left.subarray(end).every(byte => byte === 0)).toBe(true);
  const { log, times } = await timesOf(folder);
  expect(times).toEqual([1, 2]);
  expect(statSync(segmentPath(folder, 1)).size).toBe(end);
  expect(await append(log, 3, 100)).toMatchObject({ segment: 1, offset: end });
  await log.close();
  await killed.close();
  const { log: again, times: all } = await timesOf(folder);
  expect(all.slice(0, 2)).toEqual([1, 2]);
  await again.close();
});
