import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../engine';
import { isArgonError } from '../errors';
import { allowSeconds } from './chance';
import { ADA, image, keyOf, SHOP, temporaryDirectory } from './world';

allowSeconds(120);

/** Room of the disk under test. */
const MEBIBYTES = 24;
/** What is left when writing begins. */
const FREE_BYTES = 300_000;

const mountPoint = temporaryDirectory();
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${MEBIBYTES}m`, 'tmpfs', mountPoint]);
const isMounted = mounted.status === 0;
const why = isMounted ? '' : ` (skipped: no tmpfs can be mounted here: ${mounted.stderr?.toString().trim()})`;

describe('law 12: a disk that is really full', () => {
  afterAll(() => {
    if (isMounted) {
      spawnSync('umount', [mountPoint]);
    }
    rmSync(mountPoint, { recursive: true, force: true });
  });

  (isMounted ? it : it.skip)(
    `refuses writers, serves readers, and takes writes again when there is room${why}`,
    async () => {
      const directory = join(mountPoint, 'data');
      const engine = await openEngine({ directory });
      await engine.createProject(SHOP, ADA);
      const acknowledged = new Set<string>();
      const put = async (name: string, bytes: number) => {
        await engine.write(SHOP, 'main', ADA, writer => {
          writer.insert(writer.ensureCollection('items'), image({ _id: name, text: 'x'.repeat(bytes) }));
        });
        acknowledged.add(name);
      };
      await put('first', 100);
      const ballast = join(mountPoint, 'ballast');
      const { bavail, bsize } = statfsSync(mountPoint);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize - FREE_BYTES));
      let refused = 0;
      for (let i = 0; i < 40 && refused < 3; i++) {
        await Promise.all(
          [0, 1, 2].map(writer =>
            put(`full ${i}.${writer}`, 12_000).catch((error: unknown) => {
              expect(isArgonError(error, 'DISK_FULL')).toBe(true);
              refused++;
            })
          )
        );
      }
      expect(refused).toBeGreaterThanOrEqual(3);
      const seen = () => {
        const view = engine.resolve(SHOP, 'main');
        const items = view.collection('items')!;
        return [...acknowledged].filter(name => view.get(items, keyOf(name)) === undefined);
      };
      expect(seen()).toEqual([]);
      rmSync(ballast);
      await put('after', 12_000);
      expect(seen()).toEqual([]);
      expect(engine.status().failed).toBeUndefined();
      await engine.close();
      const again = await openEngine({ directory });
      const view = again.resolve(SHOP, 'main');
      const items = view.collection('items')!;
      expect([...acknowledged].filter(name => view.get(items, keyOf(name)) === undefined)).toEqual([]);
      expect(await view.count(items)).toBe(acknowledged.size);
      expect((await again.verify()).problems).toEqual([]);
      await again.close();
    }
  );

  (isMounted ? it : it.skip)(`goes on where the state had no room for what the log has${why}`, async () => {
    const directory = join(mountPoint, 'state');
    const engine = await openEngine({ directory });
    await engine.createProject(SHOP, ADA);
    const acknowledged: number[] = [];
    const put = async (from: number) => {
      await engine.write(SHOP, 'main', ADA, writer => {
        const items = writer.ensureCollection('items');
        // Small in the log, and large in the state, where each has rows in several tables.
        for (let i = from; i < from + 200; i++) {
          writer.insert(items, image({ _id: i }));
        }
      });
      acknowledged.push(from);
    };
    await put(0);
    const count = () => {
      const view = engine.resolve(SHOP, 'main');
      return view.count(view.collection('items')!);
    };
    expect(await count()).toBe(200);
    const ballast = join(mountPoint, 'ballast');
    const { bavail, bsize } = statfsSync(mountPoint);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - FREE_BYTES));
    let full: unknown;
    const silent = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    for (let from = 200; from < 100_000 && full === undefined; from += 200) {
      await put(from).catch((error: unknown) => expect(isArgonError(error, 'DISK_FULL')).toBe(true));
      await count().catch((error: unknown) => (full = error));
    }
    expect(full).toMatchObject({ code: 'DISK_FULL' });
    const view = engine.resolve(SHOP, 'main');
    const items = view.collection('items')!;
    expect(acknowledged.filter(id => view.get(items, keyOf(id)) === undefined)).toEqual([]);
    expect(engine.status().failed).toBeUndefined();
    rmSync(ballast);
    await put(200_000);
    expect(await count()).toBe(acknowledged.length * 200);
    silent.mockRestore();
    await engine.close();
    const again = await openEngine({ directory });
    const reread = again.resolve(SHOP, 'main');
    expect(await reread.count(reread.collection('items')!)).toBe(acknowledged.length * 200);
    expect((await again.verify()).problems).toEqual([]);
    await again.close();
  });
});
