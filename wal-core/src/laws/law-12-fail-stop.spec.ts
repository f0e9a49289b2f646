import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Commit, Snapshot } from '../api';
import { docKeyOf } from '../bson';
import { openEngine } from '../engine';
import { isArgonError } from '../errors';
import { type LogFileSystem, REAL_FILE_SYSTEM } from '../log/file/log';
import { lockDirectory } from '../log/lock';
import { LmdbStore } from '../store/lmdb/store';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { ADA, copyLog, dumpOf, image, type Plain, scanAll, SHOP, World, suiteDirectories } from './world';

/** Longer than what `ver` holds inline, so that reading it reads the log. */
const LONG = 'x'.repeat(3000);

function segmentsOf(directory: string): string[] {
  return readdirSync(join(directory, 'log'))
    .sort()
    .map(name => join(directory, 'log', name));
}

function flipBit(file: string, bit: number): void {
  const bytes = readFileSync(file);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  writeFileSync(file, bytes);
}

/** States of the default branch by LSN. */
async function statesOf(world: World): Promise<Map<string, string>[]> {
  const states: Map<string, string>[] = [];
  for (let at = 0; at <= world.view('main').lsn; at++) {
    states.push(await world.dump(`main@${at}`));
  }
  return states;
}

/** A log file system whose next calls can be made to fail. */
class Faults implements LogFileSystem {
  /** The next write puts this many bytes on disk and then finds it full. */
  fullAfter: number | undefined;
  failWrite: string | undefined;
  failSync = false;
  syncs = 0;

  async write(fd: number, bytes: Buffer, position: number): Promise<void> {
    if (this.failWrite !== undefined) {
      throw Object.assign(new Error(this.failWrite), { code: this.failWrite });
    }
    if (this.fullAfter !== undefined) {
      await REAL_FILE_SYSTEM.write(fd, bytes.subarray(0, Math.min(this.fullAfter, bytes.length)), position);
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    }
    await REAL_FILE_SYSTEM.write(fd, bytes, position);
  }

  async sync(fd: number): Promise<void> {
    this.syncs++;
    if (this.failSync) {
      throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    }
    await REAL_FILE_SYSTEM.sync(fd);
  }
}

allowSeconds(120);

describe('law 12: fail stop', () => {
  const directoryOf = suiteDirectories();
  const worlds: World[] = [];

  async function open(faults?: LogFileSystem, segmentBytesMax?: number): Promise<World> {
    const log = {
      ...(faults === undefined ? {} : { fileSystem: faults }),
      ...(segmentBytesMax === undefined ? {} : { segmentBytesMax })
    };
    const world = await World.open({ parts: { log } });
    worlds.push(world);
    return world;
  }

  /** What is left of a world when everything but its log is lost, as a directory that can be hurt. */
  function logOf(world: World): string {
    return directoryOf(copyLog(world.directory));
  }

  afterEach(async () => {
    for (const world of worlds.splice(0)) {
      await world.close();
    }
    jest.restoreAllMocks();
  });

  /** A log of small commits, some atomic, some with images that stay in the log. */
  async function grow(world: World, commits: number, seed: number, longOneIn = 4): Promise<void> {
    const below = numbersFrom(seed);
    for (let i = 0; i < commits; i++) {
      const documents: Plain[] = Array.from({ length: 1 + below(3) }, () => ({
        _id: below(6),
        value: below(1000),
        ...(below(longOneIn) === 0 ? { long: LONG } : {})
      }));
      await world.put('main', documents, { atomic: below(3) === 0 });
    }
  }

  it(random('cuts a torn tail at any byte and keeps every whole frame before it'), async () => {
    const world = await open();
    await grow(world, 12, 7);
    const states = await statesOf(world);
    const size = world.engine.status().logBytes;
    let heads = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.integer({ min: 0, max: size })), async cut => {
        const directory = logOf(world);
        truncateSync(segmentsOf(directory)[0]!, cut);
        const torn = await World.open({ directory });
        const head = torn.view('main').lsn;
        heads = heads.add(head);
        expect(await torn.dump('main')).toEqual(states[head]);
        // It goes on from there, and the cut is not found again.
        await torn.put('main', [{ _id: 'after' }]);
        const after = await torn.dump('main');
        await torn.reopen();
        expect(await torn.dump('main')).toEqual(after);
        await torn.close();
      }),
      runs(20)
    );
    expect(heads.size).toBeGreaterThan(3);
  });

  it(random('refuses or survives any flipped bit of a closed log, and never shows other data'), async () => {
    const world = await open();
    await grow(world, 12, 11);
    const expected = await world.dump('main');
    const head = world.view('main').lsn;
    await world.engine.close();
    const size = statSync(segmentsOf(world.directory)[0]!).size;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.integer({ min: 0, max: size * 8 - 1 })), async bit => {
        const directory = logOf(world);
        flipBit(segmentsOf(directory)[0]!, bit);
        try {
          const engine = await openEngine({ directory });
          try {
            const view = engine.resolve(SHOP, 'main');
            expect(view.lsn).toBe(head);
            expect(await dumpOf(view)).toEqual(expected);
          } finally {
            await engine.close();
          }
        } catch (error) {
          if (!isArgonError(error, 'DATA_CORRUPT')) {
            throw error;
          }
          refused++;
          // The refusal gives the directory back, and comes again.
          await expect(openEngine({ directory })).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
        }
      }),
      { ...runs(40), examples: [[0], [64], [159], [160], [192], [size * 8 - 1]] }
    );
    expect(refused).toBeGreaterThan(8);
    await world.reopen();
  });

  it(random('with its state at hand, finds a flipped bit when the document is read'), async () => {
    const world = await open();
    await grow(world, 12, 13, 1);
    // Long enough to stay in the log, so that a flip inside it is there to be found whatever else is drawn.
    const mark = Buffer.from('a long text '.repeat(400));
    await world.put('main', [{ _id: 'long', text: mark.toString() }]);
    const expected = await world.dump('main');
    await world.engine.close();
    const size = statSync(segmentsOf(world.directory)[0]!).size;
    const inMark = readFileSync(segmentsOf(world.directory)[0]!).indexOf(mark) + 1000;
    expect(inMark).toBeGreaterThan(1000);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.integer({ min: 160, max: size * 8 - 1 })), async bit => {
        const directory = directoryOf();
        cpSync(world.directory, directory, { recursive: true });
        flipBit(segmentsOf(directory)[0]!, bit);
        const engine = await openEngine({ directory });
        try {
          expect(await dumpOf(engine.resolve(SHOP, 'main'))).toEqual(expected);
        } catch (error) {
          if (!isArgonError(error, 'DATA_CORRUPT')) {
            throw error;
          }
          found++;
        } finally {
          await engine.close();
        }
      }),
      { ...runs(15), examples: [[inMark * 8]] }
    );
    expect(found).toBeGreaterThan(0);
    await world.reopen();
  });

  it('refuses a log that is shorter than what was applied from it', async () => {
    const world = await open();
    await grow(world, 5, 17);
    await world.engine.close();
    const [segment] = segmentsOf(world.directory);
    const bytes = readFileSync(segment!);
    truncateSync(segment!, bytes.length - 40);
    await expect(openEngine({ directory: world.directory })).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      data: { segment: 1 }
    });
    writeFileSync(segment!, bytes);
    await world.reopen();
  });

  it('refuses a missing segment and names it', async () => {
    const world = await open(undefined, 4096);
    await grow(world, 20, 19);
    await world.engine.close();
    const segments = segmentsOf(world.directory);
    expect(segments.length).toBeGreaterThan(3);
    const hidden = readFileSync(segments[1]!);
    rmSync(segments[1]!);
    await expect(openEngine({ directory: world.directory })).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      data: { segment: 2 }
    });
    writeFileSync(segments[1]!, hidden);
    await world.reopen();
  });

  it('refuses a segment of a newer format', async () => {
    const world = await open();
    await world.engine.close();
    const [segment] = segmentsOf(world.directory);
    const bytes = readFileSync(segment!);
    const newer = Buffer.from(bytes);
    newer.writeUInt32LE(99, 8);
    newer.writeUInt32LE(crc32c(newer.subarray(0, 16)), 16);
    writeFileSync(segment!, newer);
    await expect(openEngine({ directory: world.directory })).rejects.toMatchObject({
      code: 'FORMAT_TOO_NEW'
    });
    writeFileSync(segment!, bytes);
    await world.reopen();
  });

  it('goes over many segments and comes back from all of them', async () => {
    const world = await open(undefined, 4096);
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        world.put('main', [{ _id: i % 20, i, ...(i % 3 ? {} : { LONG }) }])
      )
    );
    const expected = await world.dump('main');
    expect(segmentsOf(world.directory).length).toBeGreaterThan(5);
    await world.reopen();
    expect(await world.dump('main')).toEqual(expected);
    const fresh = await World.open({ directory: logOf(world) });
    expect(await fresh.dump('main')).toEqual(expected);
    expect(fresh.engine.status().logBytes).toBe(world.engine.status().logBytes);
    await fresh.close();
  });

  it('opens after a kill between the making of a segment and the flush of the one before', async () => {
    const world = await open();
    await grow(world, 6, 23);
    const states = await statesOf(world);
    const directory = logOf(world);
    const [segment] = segmentsOf(directory);
    // Behind its frames there is room.
    truncateSync(segment!, world.engine.status().logBytes - 7);
    // The next segment is there, with its header only.
    const other = await open();
    await other.engine.close();
    const header = Buffer.from(readFileSync(segmentsOf(other.directory)[0]!).subarray(0, 20));
    header.writeUInt32LE(2, 12);
    header.writeUInt32LE(crc32c(header.subarray(0, 16)), 16);
    writeFileSync(join(directory, 'log', '00000002.log'), header);
    const torn = await World.open({ directory });
    const head = torn.view('main').lsn;
    expect(head).toBeLessThan(states.length - 1);
    expect(await torn.dump('main')).toEqual(states[head]);
    await torn.put('main', [{ _id: 'after' }]);
    const after = await torn.dump('main');
    await torn.reopen();
    expect(await torn.dump('main')).toEqual(after);
    await torn.close();
    await other.reopen();
  });

  it.each([0, 7, 20])(
    'opens after a kill during the making of a segment (%i bytes of it written)',
    async size => {
      const world = await open();
      await grow(world, 4, 29);
      const expected = await world.dump('main');
      await world.engine.close();
      writeFileSync(join(world.directory, 'log', '00000002.log'), Buffer.alloc(size));
      await world.reopen();
      expect(await world.dump('main')).toEqual(expected);
      await world.put('main', [{ _id: 'after' }]);
      await world.reopen();
      expect(world.get('main', 'after')).toEqual({ _id: 'after' });
    }
  );

  it('takes no more writes after a failed flush, reads go on, and a restart keeps what was acknowledged', async () => {
    const faults = new Faults();
    const world = await open(faults);
    await world.put('main', [{ _id: 1, a: 1 }]);
    const before = await world.dump('main');
    const view = world.view('main');
    faults.failSync = true;
    const results = await Promise.allSettled([
      world.put('main', [{ _id: 1, a: 2 }]),
      world.put('main', [{ _id: 2, a: 2 }])
    ]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'LOG_FAILED' } });
    }
    faults.failSync = false;
    const { syncs } = faults;
    await expect(world.put('main', [{ _id: 3 }])).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(world.engine.createBranch(SHOP, 'b', ADA)).rejects.toMatchObject({ code: 'LOG_FAILED' });
    expect(faults.syncs).toBe(syncs);
    expect(world.engine.status().failed).toMatch(/restart/);
    expect(await world.dump('main')).toEqual(before);
    expect(await world.dump(view)).toEqual(before);
    await world.reopen();
    // The two may have reached the disk, or not; the acknowledged one is there.
    expect(world.get('main', 1)).toBeDefined();
    await world.put('main', [{ _id: 3 }]);
    expect(world.get('main', 3)).toEqual({ _id: 3 });
  });

  describe('a refusal that follows from a write which never reached the disk is not given', () => {
    const insert = (world: World, document: Plain) =>
      world.engine.write(SHOP, 'main', ADA, writer =>
        writer.insert(writer.ensureCollection('items'), image(document))
      );
    const inTransaction = (world: World, document: Plain) =>
      world.engine
        .transaction(ADA)
        .write(SHOP, 'main', writer => writer.insert(writer.ensureCollection('items'), image(document)));
    const remove = (world: World) =>
      world.engine.write(SHOP, 'main', ADA, writer =>
        writer.replace(writer.collection('items')!, docKeyOf(image({ _id: 1 })), image({ _id: 1, a: 2 }))
      );

    it.each([
      ['failed to be flushed', 'LOG_FAILED', (faults: Faults) => (faults.failSync = true)],
      ['found the disk full', 'DISK_FULL', (faults: Faults) => (faults.fullAfter = 10)]
    ])('when that write %s', async (_, code, hurt) => {
      const faults = new Faults();
      const world = await open(faults);
      await world.engine.createIndex(SHOP, 'main', 'items', spec('u', true), ADA);
      await insert(world, { _id: 1, u: 1 });
      hurt(faults);
      const outcomes = await Promise.allSettled([
        world.engine.write(SHOP, 'main', ADA, writer => {
          const items = writer.collection('items')!;
          writer.remove(items, docKeyOf(image({ _id: 1 })));
          writer.insert(items, image({ _id: 2, u: 2 }));
        }),
        insert(world, { _id: 2 }),
        insert(world, { _id: 3, u: 2 }),
        remove(world),
        inTransaction(world, { _id: 2 })
      ]);
      expect(outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
        outcomes.map(() => code)
      );
      if (code === 'DISK_FULL') {
        // With room again nothing of it was ever there.
        faults.fullAfter = undefined;
        await insert(world, { _id: 2, u: 2 });
        await expect(insert(world, { _id: 3, u: 2 })).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
      }
    });
  });

  it('stops after a write that failed for another reason than space', async () => {
    const faults = new Faults();
    const world = await open(faults);
    await world.put('main', [{ _id: 1 }]);
    faults.failWrite = 'EIO';
    await expect(world.put('main', [{ _id: 2 }])).rejects.toMatchObject({ code: 'LOG_FAILED' });
    faults.failWrite = undefined;
    await expect(world.put('main', [{ _id: 3 }])).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await world.reopen();
    expect((await world.all('main')).map(document => document['_id'])).toEqual([1]);
  });

  it(
    random('tells every writer that the disk is full, takes the writes back, and goes on when there is room'),
    async () => {
      const faults = new Faults();
      const world = await open(faults, 20_000);
      await world.engine.createIndex(SHOP, 'main', 'items', spec('u', true), ADA);
      const command = fc.record({
        full: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined, freq: 2 }),
        writers: fc.array(fc.record({ _id: fc.integer({ min: 0, max: 9 }), branch: fc.boolean() }), {
          minLength: 1,
          maxLength: 5
        })
      });
      await world.engine.createBranch(SHOP, 'side', ADA);
      let serial = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 8 }), async commands => {
          for (const { full, writers } of commands) {
            const before = [await world.dump('main'), await world.dump('side')];
            const head = world.engine.project(SHOP).head;
            faults.fullAfter = full;
            const results = await Promise.allSettled(
              writers.map(({ _id, branch }) =>
                world.put(branch ? 'side' : 'main', [
                  { _id, u: serial++, long: LONG.slice(0, serial % 2000) },
                  { _id: `new ${serial}`, u: serial++ }
                ])
              )
            );
            faults.fullAfter = undefined;
            if (full !== undefined) {
              for (const result of results) {
                expect(result).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
              }
              expect([await world.dump('main'), await world.dump('side')]).toEqual(before);
              expect(world.engine.project(SHOP).head).toBe(head);
              expect(world.engine.status().failed).toBeUndefined();
            } else {
              expect(results.map(result => result.status)).not.toContain('rejected');
              const commits = results.map(result => (result as PromiseFulfilledResult<Commit>).value);
              expect(commits.map(commit => commit.firstLsn)).toEqual(commits.map((_, i) => head + 1 + 2 * i));
            }
          }
          const after = [await world.dump('main'), await world.dump('side')];
          const digests = await Promise.all(['main', 'side'].map(ref => world.view(ref).stateDigest()));
          await world.reopen();
          expect([await world.dump('main'), await world.dump('side')]).toEqual(after);
          expect(await Promise.all(['main', 'side'].map(ref => world.view(ref).stateDigest()))).toEqual(
            digests
          );
        }),
        runs(12)
      );
    }
  );

  it('stops when the state cannot be written, and a restart brings everything acknowledged into it', async () => {
    const world = await open();
    await world.put('main', [{ _id: 0 }]);
    await world.view('main').stateDigest();
    jest.spyOn(LmdbStore.prototype, 'write').mockImplementationOnce(async () => {
      await new Promise(resolve => setTimeout(resolve, 20));
      throw new Error('the map is broken');
    });
    const acknowledged: unknown[] = [];
    const writer = async (_: unknown, name: number) => {
      for (let i = 0; ; i++) {
        const document = { _id: `${name} ${i}` };
        await world.put('main', [document]);
        acknowledged.push(document._id);
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: 8 }, writer));
    expect(ends.map(end => (end as PromiseRejectedResult).reason.code)).toEqual(Array(8).fill('LOG_FAILED'));
    expect(acknowledged.length).toBeGreaterThan(8);
    await expect(world.put('main', [{ _id: 'late' }])).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(scanAll(world.view('main'), itemsOf(world.view('main')))).rejects.toThrow();
    // Time for a state that goes on behind the gap, which it must not.
    await new Promise(resolve => setTimeout(resolve, 50));
    await world.reopen();
    const there = new Set((await world.all('main')).map(document => document['_id']));
    expect(acknowledged.filter(id => !there.has(id))).toEqual([]);
    expect(there).toContain(0);
    expect(there).not.toContain('late');
    expect(there.size).toBe(await world.view('main').count(itemsOf(world.view('main'))));
  });

  it('refuses a second engine on the directory, in this process and while it is open', async () => {
    const world = await open();
    await expect(openEngine({ directory: world.directory })).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      data: { pid: process.pid }
    });
    await world.put('main', [{ _id: 1 }]);
    await world.engine.close();
    await expect(world.put('main', [{ _id: 2 }])).rejects.toMatchObject({ code: 'CLOSED' });
    await world.reopen();
  });

  it('does not care what an earlier owner left in the lock file', async () => {
    const world = await open();
    await world.engine.close();
    for (const text of ['', 'not json', '{"pid":999999999}', `{"pid":${process.pid}}`]) {
      writeFileSync(join(world.directory, 'LOCK'), text);
      const engine = await openEngine({ directory: world.directory });
      await engine.close();
    }
    expect(readdirSync(world.directory).sort()).toEqual(['LOCK', 'log', 'state']);
    await world.reopen();
  });

  it('opens at once what a killed process held, also while nobody has waited for that process', async () => {
    const world = await open();
    await world.engine.close();
    const lock = JSON.stringify(join(__dirname, '..', '..', 'dist', 'log', 'lock.js'));
    const hold = `require(${lock}).lockDirectory(process.argv[1]); console.log('held'); setInterval(() => {}, 1000)`;
    const script = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(hold)}, process.argv[1]]);
      child.stdout.once('data', () => {
        console.log(child.pid);
        process.stdin.once('data', () => {
          process.kill(child.pid, 'SIGKILL');
          // Blocked, this parent cannot reap its child: it stays a zombie.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
        });
      });`;
    const parent = spawn(process.execPath, ['-e', script, world.directory]);
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      await expect(openEngine({ directory: world.directory })).rejects.toMatchObject({
        code: 'DIRECTORY_LOCKED',
        data: { pid }
      });
      parent.stdin.write('kill\n');
      await waitFor(() => !isHeld(world.directory));
    } finally {
      parent.kill('SIGKILL');
    }
    await world.reopen();
  });
});

/** Whether another holds the lock of a directory. */
function isHeld(directory: string): boolean {
  try {
    lockDirectory(directory)();
    return false;
  } catch {
    return true;
  }
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition();) {
    expect(Date.now()).toBeLessThan(end);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

function itemsOf(view: Snapshot) {
  return view.collection('items')!;
}

function spec(field: string, unique: boolean): Buffer {
  return image({ key: { [field]: 1 }, name: `${field}_1`, unique });
}
