import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine, type Engine, type Lsn } from '@argon/wal-core';
import { createLogger } from '../logger';
import { bson, insert } from '../rpc/harness.testing';
import { CELL_READS_MAX, CellExecution } from './activity';
import type { SessionRead } from './directory';
import { SESSION_PREFIX } from './record';
import { CELLS_MAX, Sessions, SESSIONS_MAX, SESSION_UNSEEN_DAYS_MAX, type SessionNews } from './sessions';

const read = (lsn: number, change: Partial<SessionRead> = {}): SessionRead => ({
  project: 'shop',
  ref: `main@${lsn}`,
  branch: 'main',
  lsn: lsn as Lsn,
  collection: 'users',
  documents: 1,
  ...change
});

describe('sessions', () => {
  let folder: string;
  let engine: Engine;
  let sessions: Sessions;
  let now = Date.parse('2026-07-07T09:00:00Z');
  const news: SessionNews[] = [];
  const log: string[] = [];

  const start = async () => {
    engine = await openEngine({ directory: folder });
    sessions = new Sessions({
      engine,
      logger: createLogger('warn', line => log.push(line)),
      actor: 'owner',
      clock: () => now
    });
    sessions.subscribe(item => news.push(item));
  };
  const restart = async () => {
    sessions.dispose();
    await engine.close();
    await start();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'argon-sessions-'));
    [news.length, log.length] = [0, 0];
    await start();
    await engine.createProject('shop', { actor: 'ann' });
    await insert(engine, 'main', 'users', [{ _id: 1 }, { _id: 2 }]);
    await engine.createBranch('shop', 'exp', { actor: 'ann' });
  });

  afterEach(async () => {
    sessions.dispose();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('get an id and the owner as actor when they say nothing', async () => {
    const session = await sessions.open({});
    expect(session).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      actor: 'owner',
      writable: false,
      connected: false
    });
    expect(session.project).toBeUndefined();
  });

  it('survive the process with their checkout', async () => {
    await sessions.open({ id: 'k1', kernel: 'python3', notebook: 'a.ipynb', actor: 'ann', project: 'shop' });
    await sessions.checkout('k1', undefined, 'exp');
    const before = sessions.get('k1');
    await restart();
    expect(sessions.get('k1')).toEqual(before);
    expect(await sessions.open({ id: 'k1' })).toMatchObject({
      actor: 'ann',
      notebook: 'a.ipynb',
      ref: 'exp'
    });
    await sessions.close('k1');
    await restart();
    expect(sessions.list()).toEqual([]);
  });

  it('are not written again when they only come back', async () => {
    await sessions.open({ id: 'k1', project: 'shop', ref: 'exp' });
    const put = jest.spyOn(engine, 'putValue');
    await sessions.open({ id: 'k1' });
    expect(put).not.toHaveBeenCalled();
    await sessions.open({ id: 'k1', notebook: 'renamed.ipynb' });
    expect(put).toHaveBeenCalledTimes(1);
  });

  it('refuse names that are none, and texts without an end', async () => {
    await expect(sessions.open({ id: 'a b' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(sessions.open({ id: '' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(sessions.open({ notebook: 'x'.repeat(5_000) })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED'
    });
    await expect(sessions.open({ project: 'none' })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    await expect(sessions.open({ ref: 'main' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(sessions.list()).toEqual([]);
  });

  it('move to a branch, to a past state and to a pin; a time is fixed to what it means now', async () => {
    await sessions.open({ id: 'k1', project: 'shop' });
    expect(sessions.get('k1')).toMatchObject({
      ref: 'main',
      branch: 'main',
      writable: true,
      database: 'shop@main'
    });
    const { head } = engine.branch('shop', 'main');
    const past = await sessions.checkout('k1', undefined, `main@${head - 1}`);
    expect(past).toMatchObject({
      ref: `main@${head - 1}`,
      lsn: head - 1,
      writable: false,
      database: `shop@main:${head - 1}`
    });
    const timed = await sessions.checkout('k1', 'shop', 'main@-0s').catch(() => undefined);
    expect(timed === undefined || /^main@\d+$/.test(timed.ref ?? '')).toBe(true);
    await engine.createPin('shop', 'gold', 'main', { actor: 'ann' });
    expect(await sessions.checkout('k1', undefined, 'pin:gold')).toMatchObject({
      ref: 'pin:gold',
      writable: false,
      database: 'shop@pin:gold'
    });
    await expect(sessions.checkout('k1', undefined, 'nowhere')).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_FOUND/) as string
    });
    expect(sessions.get('k1').ref).toBe('pin:gold');
    expect(news.filter(({ type }) => type === 'session').at(-1)).toMatchObject({
      op: 'checkout',
      session: { ref: 'pin:gold' }
    });
  });

  it('follow a branch that is renamed, and say where they were when it is deleted', async () => {
    await sessions.open({ id: 'k1', project: 'shop', ref: 'exp' });
    await engine.renameBranch('shop', 'exp', 'better', { actor: 'ann' });
    expect(sessions.get('k1')).toMatchObject({ ref: 'better', branch: 'better', writable: true });
    await engine.deleteBranch('shop', 'better', { actor: 'ann' });
    expect(sessions.get('k1')).toMatchObject({ project: 'shop', ref: 'better', writable: false });
    expect(sessions.get('k1').lsn).toBeUndefined();
    await restart();
    expect(sessions.get('k1')).toMatchObject({ ref: 'better' });
  });

  it('are recognised by the name of a MongoDB connection, with the cell that runs', async () => {
    await sessions.open({ id: 'k1', notebook: 'a.ipynb', actor: 'ann', project: 'shop', ref: 'exp' });
    expect(sessions.byAppName('argon:k1')).toEqual({
      id: 'k1',
      project: 'shop',
      ref: 'exp',
      origin: { actor: 'ann', session: 'k1', notebook: 'a.ipynb' }
    });
    await sessions.startCell('k1', { id: 'c9', number: 12 });
    expect(sessions.byAppName('argon:k1')?.origin).toMatchObject({ cell: 'c9', cellNumber: 12 });
    await sessions.endCell('k1');
    expect(sessions.byAppName('argon:k1')?.origin.cell).toBeUndefined();
    for (const name of ['k1', 'argon:', 'argon:other', 'mongosh', '']) {
      expect(sessions.byAppName(name)).toBeUndefined();
    }
  });

  it('know what each cell read and wrote', async () => {
    await sessions.open({ id: 'k1', project: 'shop' });
    const { head, timeline } = engine.branch('shop', 'main');
    await sessions.startCell('k1', { id: 'c1', number: 1 });
    sessions.noteRead('k1', read(head, { documents: 2 }));
    sessions.noteRead('k1', read(head, { documents: 3 }));
    sessions.noteRead('k1', read(head, { collection: 'none', documents: 0 }));
    const write = {
      project: 'shop',
      branch: 'main',
      timeline,
      collection: 'users',
      inserts: 1,
      updates: 0,
      deletes: 0
    };
    sessions.noteWrite('k1', { ...write, firstLsn: (head + 1) as Lsn, lastLsn: (head + 1) as Lsn });
    sessions.noteWrite('k1', {
      ...write,
      firstLsn: (head + 4) as Lsn,
      lastLsn: (head + 6) as Lsn,
      updates: 2,
      inserts: 1
    });
    sessions.noteRun('k1', 'run-7');
    const activity = await sessions.endCell('k1');
    const state = engine.resolve('shop', `main@${head}`);
    const users = state.collection('users');
    expect(activity?.reads).toEqual([
      {
        project: 'shop',
        ref: `main@${head}`,
        collection: 'users',
        documents: 5,
        lsn: head,
        branch: 'main',
        digest: users && (await state.digest(users))
      },
      {
        project: 'shop',
        ref: `main@${head}`,
        collection: 'none',
        documents: 0,
        lsn: head,
        branch: 'main',
        digest: ''
      }
    ]);
    expect(activity?.writes).toEqual([
      {
        project: 'shop',
        branch: 'main',
        collection: 'users',
        firstLsn: head + 1,
        lastLsn: head + 6,
        inserts: 2,
        updates: 2,
        deletes: 0
      }
    ]);
    expect(activity?.runs).toEqual(['run-7']);
    sessions.noteRead('k1', read(head));
    expect(await sessions.cells('k1')).toEqual([activity]);
    // A run that is registered late still belongs to the cell it names.
    sessions.noteRun('k1', 'run-8', { id: 'c1', number: 1 });
    expect((await sessions.cells('k1'))[0]?.runs).toEqual(['run-7', 'run-8']);
    expect(news.at(-1)).toEqual({ type: 'cell', session: 'k1', activity });
  });

  it('end a cell when the next one starts, and remember a bounded number', async () => {
    await sessions.open({ id: 'k1' });
    for (let i = 0; i < CELLS_MAX + 5; i++) {
      await sessions.startCell('k1', { id: `c${i % 7}`, number: i });
    }
    await sessions.endCell('k1');
    const cells = await sessions.cells('k1');
    expect(cells).toHaveLength(CELLS_MAX);
    expect(cells[0]?.cellNumber).toBe(CELLS_MAX + 4);
    expect(cells.every(({ finishedAt }) => finishedAt !== undefined)).toBe(true);
    expect(sessions.execution('k1', { id: 'c3' })?.cellNumber).toBe(500);
    expect(sessions.execution('k1', { number: 501 })?.cell).toBe('c4');
    expect(sessions.execution('k1', { number: 1 })).toBeUndefined();
    expect(await sessions.cells('k1', 2)).toHaveLength(2);
  });

  it('go on with the running cell when a kernel comes back and says it again', async () => {
    await sessions.open({ id: 'k1', project: 'shop' });
    await sessions.startCell('k1', { id: 'c1', number: 5 });
    sessions.noteRun('k1', 'r1');
    await sessions.startCell('k1', { id: 'c1', number: 5 });
    expect(await sessions.endCell('k1')).toMatchObject({ cell: 'c1', cellNumber: 5, runs: ['r1'] });
    await sessions.startCell('k1', { id: 'c1', number: 6 });
    expect((await sessions.endCell('k1'))?.runs).toEqual([]);
    expect(await sessions.cells('k1')).toHaveLength(2);
  });

  it('are connected as long as one of their connections is', async () => {
    const [a, b] = [{}, {}];
    await sessions.open({ id: 'k1' }, a);
    await sessions.open({ id: 'k1' }, b);
    sessions.detach(a);
    expect(sessions.get('k1').connected).toBe(true);
    sessions.detach(b);
    expect(sessions.get('k1').connected).toBe(false);
    expect(news.at(-1)).toMatchObject({ op: 'disconnect', session: { id: 'k1', connected: false } });
  });

  it('forget whom nobody has seen for long, at the start and when there are too many', async () => {
    await sessions.open({ id: 'old' });
    now += 86_400_000;
    const connection = {};
    await sessions.open({ id: 'first' }, connection);
    for (let i = 0; i < SESSIONS_MAX - 1; i++) {
      now++;
      await sessions.open({ id: `s${i}` });
    }
    expect(() => sessions.get('old')).toThrow('unknown');
    expect(sessions.get('first').connected).toBe(true);
    expect(sessions.list()).toHaveLength(SESSIONS_MAX);
    now += (SESSION_UNSEEN_DAYS_MAX + 1) * 86_400_000;
    await restart();
    expect(sessions.list()).toEqual([]);
  }, 60_000);

  it('live in memory when the log takes no more', async () => {
    jest.spyOn(engine, 'putValue').mockRejectedValue(new Error('no space'));
    expect(await sessions.open({ id: 'k1', project: 'shop' })).toMatchObject({ id: 'k1', ref: 'main' });
    expect(log.join()).toContain('could not be stored');
  });

  it('leave records of an unknown form alone', async () => {
    await engine.putValue(`${SESSION_PREFIX}new`, bson({ v: 2, id: 'new' }));
    await restart();
    expect(sessions.list()).toEqual([]);
    expect(log.join()).toContain('unknown form');
    expect(engine.getValue(`${SESSION_PREFIX}new`)).toBeDefined();
  });
});

it('a cell that reads and writes in turns is remembered in bounded space', async () => {
  const cell = new CellExecution('c', 1, new Date());
  for (let lsn = 1; lsn <= 10_000; lsn++) {
    cell.noteRead(read(lsn));
  }
  cell.noteRead(read(5, { collection: 'orders' }));
  const { reads } = await cell.describe(
    async ({ ref }) => `digest of ${ref}`,
    async () => undefined
  );
  expect(reads).toHaveLength(CELL_READS_MAX);
  expect(
    reads
      .filter(({ collection }) => collection === 'users')
      .reduce((sum, { documents }) => sum + documents, 0)
  ).toBe(10_000);
  expect(reads.at(-1)).toMatchObject({ lsn: 10_000, digest: 'digest of main@10000' });
});
