import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from 'bson';
import { ADA, image, SHOP, World } from '../laws/world';

/** Bytes of the files of a folder whose names fit. */
function bytesOf(folder: string, name: RegExp): number {
  return readdirSync(folder)
    .filter(each => name.test(each))
    .reduce((sum, each) => sum + statSync(join(folder, each)).size, 0);
}

it('storage tells the bytes of every kind of file, and of the live documents beside them', async () => {
  const world = await World.open({ parts: { log: { segmentBytesMax: 4000 } } });
  try {
    const documents = Array.from({ length: 30 }, (_, i) => ({ _id: i, text: 'x'.repeat(i) }));
    await world.put('main', documents);
    await world.put(
      'main',
      documents.map(document => ({ ...document, text: 'longer than before', more: 1 }))
    );
    await world.remove('main', [0, 1, 2]);
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await world.put('exp', [{ _id: 'not on the default branch' }]);
    await world.engine.createProject('other', ADA);
    await world.engine.write('other', 'main', ADA, writer =>
      writer.insert(writer.ensureCollection('c'), image({ _id: 1 }))
    );
    await world.engine.setRetention(SHOP, { keepLsns: 0 }, ADA);
    await world.engine.gc();
    const live =
      documents
        .slice(3)
        .reduce((sum, { _id }) => sum + serialize({ _id, text: 'longer than before', more: 1 }).length, 0) +
      serialize({ _id: 1 }).length;
    const found = await world.engine.storage();
    const log = join(world.directory, 'log');
    expect(found.liveBytes).toBe(live);
    expect(found.coldBytes).toBe(bytesOf(log, /\.cold$/));
    expect(found.coldBytes).toBeGreaterThan(0);
    expect(found.logBytes).toBe(world.engine.status().logBytes - found.coldBytes);
    expect(found.stateBytes).toBeGreaterThan(found.stateFreeBytes);
    await world.reopen();
    expect((await world.engine.storage()).liveBytes).toBe(live);
  } finally {
    await world.close();
  }
});
