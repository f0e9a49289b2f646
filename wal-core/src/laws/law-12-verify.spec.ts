import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { EngineParts } from '../engine';
import type { VerifyReport } from '../keeping';
import { LmdbStore } from '../store/lmdb/store';
import type { Row, TableName } from '../store/store';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { Story } from './story';
import { ADA, image, SHOP, World } from './world';

allowSeconds(180);

const TABLES_WALKED: readonly TableName[] = ['ver', 'line', 'idx', 'idxh', 'meta'];
const EVERYTHING = { from: Buffer.alloc(1), to: Buffer.alloc(1979, 0xff) };

describe('law 12: verify', () => {
  const worlds: World[] = [];

  async function told(seed: number, steps: number, parts?: EngineParts): Promise<World> {
    const world = await World.open(parts === undefined ? {} : { parts });
    worlds.push(world);
    await world.engine.createIndex(SHOP, 'main', 'items', image({ key: { value: 1 }, name: 'value_1' }), ADA);
    await new Story(world, seed).tell(steps);
    return world;
  }

  afterEach(async () => {
    for (const world of worlds.splice(0)) {
      await world.close();
    }
  });

  it(random('finds nothing in any history that was written well, and looks at all of it'), async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => {
        // Commits of more than a few documents go ahead in parts, in every other history.
        const held = { bytesMax: 1_000_000, recordsMax: seed % 2 === 0 ? 3 : 30_000 };
        const world = await told(seed, 40, { held });
        await world.engine.createProject('other', ADA);
        await world.put('main', [{ _id: 1 }], { project: 'other' });
        await world.engine.deleteProject('other', ADA);
        const report = await world.engine.verify();
        expect(report.problems).toEqual([]);
        expect(report.isComplete).toBe(true);
        expect(report.checked.records).toBeGreaterThan(30);
        expect(report.checked.versions).toBeGreaterThanOrEqual(report.checked.records);
        await world.reopen();
        expect((await world.engine.verify()).problems).toEqual([]);
      }),
      runs(6)
    );
  });

  it(random('notices any flipped bit in any row of the state'), async () => {
    const world = await told(5, 60);
    await world.engine.close();
    const below = numbersFrom(17);
    const store = () => LmdbStore.open(join(world.directory, 'state'));
    let state = store();
    const rows: { table: TableName; row: Row }[] = TABLES_WALKED.flatMap(table =>
      [...state.range(table, EVERYTHING)].map(row => ({ table, row }))
    );
    await state.close();
    const unnoticed: string[] = [];
    for (let i = 0; i < 60; i++) {
      // Each table as often as another, however many rows it has.
      const some = rows.filter(({ table }) => table === TABLES_WALKED[i % TABLES_WALKED.length]);
      const { table, row } = some[below(some.length)]!;
      const inKey = below(3) === 0;
      const bytes = Buffer.from(inKey ? row.key : row.value);
      const bit = below(bytes.length * 8);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      state = store();
      await state.write(
        inKey
          ? [
              { table, key: row.key, value: undefined },
              { table, key: bytes, value: row.value }
            ]
          : [{ table, key: row.key, value: bytes }]
      );
      await state.close();
      if (!(await isNoticed(world))) {
        unnoticed.push(`${table} ${inKey ? 'key' : 'value'} bit ${bit} of ${row.key.toString('hex')}`);
      }
      state = store();
      await state.write([
        ...(inKey ? [{ table, key: bytes, value: undefined }] : []),
        { table, key: row.key, value: row.value }
      ]);
      await state.close();
    }
    expect(unnoticed).toEqual([]);
    await world.reopen();
    expect((await world.engine.verify()).problems).toEqual([]);
  });

  it(random('notices any row of the state that is missing'), async () => {
    const world = await told(6, 60);
    await world.engine.close();
    const below = numbersFrom(23);
    const unnoticed: string[] = [];
    for (let i = 0; i < 40; i++) {
      let state = LmdbStore.open(join(world.directory, 'state'));
      const table = TABLES_WALKED[i % TABLES_WALKED.length]!;
      const rows = [...state.range(table, EVERYTHING)];
      const row = rows[below(rows.length)]!;
      await state.write([{ table, key: row.key, value: undefined }]);
      await state.close();
      if (!(await isNoticed(world))) {
        unnoticed.push(`${table} ${row.key.toString('hex')}`);
      }
      state = LmdbStore.open(join(world.directory, 'state'));
      await state.write([{ table, ...row }]);
      await state.close();
    }
    expect(unnoticed).toEqual([]);
    await world.reopen();
  });

  it(random('notices any flipped bit of the log, and names segment and byte'), async () => {
    const world = await told(7, 40);
    await world.engine.close();
    const segment = join(world.directory, 'log', readdirSync(join(world.directory, 'log'))[0]!);
    const bytes = readFileSync(segment);
    const below = numbersFrom(29);
    for (let i = 0; i < 40; i++) {
      const bit = below(bytes.length * 8);
      const hurt = Buffer.from(bytes);
      hurt[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(segment, hurt);
      const report = await openAndVerify(world);
      if (report !== undefined) {
        const [first] = report.problems;
        expect(first).toMatchObject({ where: 'log/00000001.log' });
        expect(first!.offset).toBeLessThanOrEqual(bit >> 3);
      }
    }
    writeFileSync(segment, bytes);
    await world.reopen();
  });

  it('works beside writers and tells how far it is', async () => {
    const world = await told(8, 30);
    const batch = Array.from({ length: 400 }, (_, i) => ({ _id: `d${i}`, value: i }));
    for (let i = 0; i < 10; i++) {
      await world.put(
        'main',
        batch.map(document => ({ ...document, i }))
      );
    }
    const phases = new Set<string>();
    let isDone = false;
    const writing = (async () => {
      for (let i = 0; !isDone; i++) {
        await world.put('main', [{ _id: i % 50, value: i }]);
        await world.engine.createPin(SHOP, `beside-${i}`, 'main', ADA);
      }
    })();
    const report = await world.engine.verify({ onProgress: ({ phase }) => phases.add(phase) });
    isDone = true;
    await writing;
    expect(report.problems).toEqual([]);
    // Images, when some were made meanwhile.
    expect([...phases].filter(phase => phase !== 'images')).toEqual(['log', 'versions', 'indexes']);
    expect((await world.engine.verify()).problems).toEqual([]);
  });

  it('ends at once when it is told to, and after as many problems as were asked for', async () => {
    const world = await told(9, 30);
    const stop = new AbortController();
    stop.abort();
    await expect(world.engine.verify({ signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await world.engine.close();
    const state = LmdbStore.open(join(world.directory, 'state'));
    const rows = [...state.range('ver', EVERYTHING)];
    await state.write(rows.slice(0, 20).map(({ key }) => ({ table: 'ver', key, value: undefined })));
    await state.close();
    await world.reopen();
    const report = await world.engine.verify({ problemsMax: 3 });
    expect(report).toMatchObject({ isComplete: false });
    expect(report.problems).toHaveLength(3);
  });
});

/** What a verification says; undefined when the directory cannot even be opened. */
async function openAndVerify(world: World): Promise<VerifyReport | undefined> {
  try {
    await world.reopen();
  } catch {
    return undefined;
  }
  const report = await world.engine.verify();
  await world.engine.close();
  return report;
}

async function isNoticed(world: World): Promise<boolean> {
  const report = await openAndVerify(world);
  // Whoever met it has left word for the next start to make the state anew: here it is to stay.
  rmSync(join(world.directory, 'state', 'damaged'), { force: true });
  return report === undefined || report.problems.length > 0;
}
