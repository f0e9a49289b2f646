import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Story } from '../story';
import { ADA, image, SHOP, World } from '../world';
import { told } from './told';

/**
 * Makes the golden data directory of the present format: `node wal-core/dist/laws/golden/make.js FOLDER`. Only when a
 * format changes before it is released is one made again in place of another; a released one is never touched, and a
 * new format gets a folder of its own beside it.
 */
async function main(folder: string): Promise<void> {
  const world = await World.open({
    parts: { log: { segmentBytesMax: 6000 }, held: { bytesMax: 1e6, recordsMax: 12 } }
  });
  await world.engine.createIndex(SHOP, 'main', 'items', image({ key: { value: 1 }, name: 'value_1' }), ADA);
  const story = new Story(world, 1);
  await story.tell(30);
  await world.put(
    'main',
    Array.from({ length: 40 }, (_, i) => ({ _id: `many-${i}`, value: i })),
    { atomic: true }
  );
  await world.engine.setRetention(SHOP, { keepLsns: 40 }, ADA);
  await world.engine.gc();
  await story.tell(20);
  const expected = await told(world.engine);
  await world.engine.close();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['log', 'state']) {
    cpSync(join(world.directory, part), join(folder, part), { recursive: true });
  }
  rmSync(join(folder, 'state', 'lock.mdb'), { force: true });
  writeFileSync(join(folder, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
  rmSync(world.directory, { recursive: true, force: true });
}

void main(process.argv[2]!);
