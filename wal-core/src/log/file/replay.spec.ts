import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitTime } from '../../api';
import { writeFrame } from '../frame';
import { FileLog, type FramePlace } from './log';
import { type Place, SEGMENT_HEADER_BYTES, segmentPath } from './segment';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'argon-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A log of so many frames of 10 kB in segments of four; where each lies. */
async function logOf(frames: number): Promise<readonly FramePlace[]> {
  const log = new FileLog(folder, { segmentBytesMax: 45_000 });
  await log.recover(undefined, { replay: () => undefined });
  const places: FramePlace[] = [];
  for (let i = 0; i < frames; i++) {
    const control = [{ table: 1, scope: 0, key: Buffer.from(`key ${i}`), value: Buffer.alloc(10_000, i) }];
    const frame = { time: BigInt(i + 1) as CommitTime, changes: [], groups: [], control };
    await new Promise<void>((resolve, reject) => {
      places.push(log.append((out, durable) => writeFrame(out, frame, durable), resolve, reject));
    });
  }
  await log.close();
  return places;
}

/** What a start from a place on replays, and what it tells meanwhile. */
async function replayed(from: Place | undefined) {
  const frames: Place[] = [];
  const told: { readonly done: number; readonly total: number }[] = [];
  const log = new FileLog(folder);
  await log.recover(from, {
    replay: ({ segment, offset }) => {
      frames.push({ segment, offset });
      return undefined;
    },
    progress: (done, total) => told.push({ done, total })
  });
  await log.close();
  return { frames, told };
}

const place = ({ segment, offset }: Place) => ({ segment, offset });

it('replays every frame in order, and tells how many bytes lie before each', async () => {
  const places = await logOf(10);
  const sizes = new Map(
    places.map(({ segment }) => [segment, statSync(segmentPath(folder, segment)).size] as const)
  );
  expect(sizes.size).toBe(3);
  const { frames, told } = await replayed(undefined);
  expect(frames).toEqual(places.map(place));
  const before = (segment: number) =>
    [...sizes].reduce((sum, [at, size]) => sum + (at < segment ? size : 0), 0);
  const total = before(Infinity);
  expect(told).toEqual(places.map(({ segment, offset }) => ({ done: before(segment) + offset, total })));
});

it('from a place on, only what is behind it is replayed and counted', async () => {
  const places = await logOf(10);
  const sizes = new Map(
    places.map(({ segment }) => [segment, statSync(segmentPath(folder, segment)).size] as const)
  );
  const from = place(places[5]!);
  const { frames, told } = await replayed(from);
  expect(frames).toEqual(places.slice(5).map(place));
  const total = sizes.get(2)! - from.offset + sizes.get(3)!;
  expect(told[0]).toEqual({ done: 0, total });
  expect(told.at(-1)!.done).toBe(total - places.at(-1)!.length);
  const afterSegment = sizes.get(2)! - from.offset + SEGMENT_HEADER_BYTES;
  expect(told.find((_, i) => frames[i]!.segment === 3)!.done).toBe(afterSegment);
});

it('a segment that is gone is named', async () => {
  const places = await logOf(10);
  rmSync(segmentPath(folder, 2));
  await expect(replayed(undefined)).rejects.toMatchObject({ code: 'DATA_CORRUPT', data: { segment: 2 } });
  await expect(replayed(place(places[5]!))).rejects.toMatchObject({
    code: 'DATA_CORRUPT',
    data: { segment: 2 }
  });
});
