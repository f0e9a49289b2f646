import { crc32c } from '@node-rs/crc32';
import type { CollectionInfo, Engine, Snapshot } from '../api';
import { coreOf, type EngineParts } from '../engine';
import type { KeyRange } from '../read/versions';
import type { View } from '../read/snapshot';
import { SMALL_IMAGES } from './kill/images';
import { REAL_FILE_SYSTEM } from '../log/file/log';

/** An engine with small images that does not wait for the disk. */
export function imagedParts(images: EngineParts['images'] = { ...SMALL_IMAGES, inline: true }): EngineParts {
  return { log: { fileSystem: { ...REAL_FILE_SYSTEM, sync: async () => undefined } }, images };
}

export { SMALL_IMAGES };

export { coreOf };

/** Waits until no image is being made. */
export async function imagesSettled(engine: Engine): Promise<void> {
  const core = coreOf(engine);
  await core.caughtUp();
  await core.imageOffice.keeper.settled();
}

const line = (key: Buffer, image: Buffer) => `${key.toString('hex')} ${image.length} ${crc32c(image)}`;

/** What a scan answers. */
export async function scanned(
  view: Snapshot,
  collection: CollectionInfo,
  { batch, ...range }: KeyRange & { batch?: number } = {}
): Promise<string[]> {
  const found: string[] = [];
  for await (const { keys, images } of view.scan(collection, {
    ...range,
    ...(batch === undefined ? {} : { batch })
  })) {
    expect(keys.length).toBe(images.length);
    expect(images.length).toBeLessThanOrEqual(batch ?? Infinity);
    keys.forEach((key, i) => found.push(line(key, images[i]!)));
  }
  return found;
}

/** What walking every version in the state answers: what scans are measured against. */
export async function walked(
  engine: Engine,
  view: Snapshot,
  collection: CollectionInfo,
  range: KeyRange = {}
): Promise<string[]> {
  const core = coreOf(engine);
  await core.caughtUp();
  const found: string[] = [];
  let { after } = range;
  do {
    const step = core.versions.batch(
      (view as View).chain,
      collection.id,
      after === undefined ? range : { ...range, after },
      100
    );
    step.keys.forEach((key, i) => found.push(line(key, step.images[i]!)));
    after = step.last;
  } while (after !== undefined);
  return found;
}
