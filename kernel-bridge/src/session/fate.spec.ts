import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine, type Engine, type Lsn } from '@argon/wal-core';
import { createLogger } from '../logger';
import { insert, replace } from '../rpc/harness.testing';
import { Sessions, type SessionNews } from './sessions';
import { staleCells } from './stale';

const ANN = { actor: 'ann' };
const PROJECT = 'shop';

/** What became of what a cell wrote, and what it read on a branch that it made and threw away. */
describe('what cells wrote and read', () => {
  let folder: string;
  let engine: Engine;
  let sessions: Sessions;
  let number = 0;
  const news: SessionNews[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'argon-fate-'));
    engine = await openEngine({ directory: folder });
    sessions = new Sessions({ engine, logger: createLogger('warn', () => undefined), actor: 'owner' });
    sessions.subscribe(item => news.push(item));
    await engine.createProject(PROJECT, ANN);
    await insert(engine, 'main', 'birds', [
      { _id: 1, n: 0 },
      { _id: 2, n: 0 }
    ]);
    await sessions.open({ id: 'k', project: PROJECT });
    news.length = 0;
  });

  afterEach(async () => {
    sessions.dispose();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A cell that does something, its reads and writes seen as the data plane sees them. */
  async function run(work: () => Promise<void>): Promise<number> {
    number++;
    await sessions.startCell('k', { id: `c${number}`, number });
    await work();
    await sessions.endCell('k');
    return number;
  }

  async function write(branch: string, _id: number, n: number): Promise<void> {
    await replace(engine, branch, 'birds', { _id, n }, sessions.origin('k'));
    const { lsn, timeline } = engine.resolve(PROJECT, branch);
    sessions.noteWrite('k', {
      project: PROJECT,
      branch,
      timeline,
      collection: 'birds',
      firstLsn: lsn,
      lastLsn: lsn,
      inserts: 0,
      updates: 1,
      deletes: 0
    });
  }

  function read(branch: string): void {
    const { lsn, timeline, ref } = engine.resolve(PROJECT, branch);
    const at = { project: PROJECT, branch, ref, lsn, head: timeline };
    sessions.noteRead('k', { ...at, collection: 'birds', documents: 2 });
  }

  const fateOf = async (cell: number): Promise<string | undefined> => {
    const all = await sessions.cells('k');
    return all.find(({ cellNumber }) => cellNumber === cell)?.writes[0]?.fate;
  };

  async function undo(branch: string, first: Lsn, last: Lsn): Promise<{ first: Lsn; last: Lsn }> {
    const plan = await engine.planUndo(PROJECT, branch, { range: { first, last } }, ANN);
    const { appliedAs } = await engine.applyPlan(PROJECT, plan.id, ANN);
    return { first: appliedAs!.firstLsn, last: appliedAs!.lastLsn };
  }

  const head = (branch = 'main'): Lsn => engine.resolve(PROJECT, branch).lsn;

  it('is undone by an undo, and stands again when that is undone', async () => {
    const cell = await run(async () => {
      await write('main', 1, 1);
      await write('main', 1, 2);
    });
    const other = await run(() => write('main', 2, 1));
    expect(await fateOf(cell)).toBeUndefined();
    const taken = await undo('main', (head() - 2) as Lsn, (head() - 1) as Lsn);
    expect([await fateOf(cell), await fateOf(other)]).toEqual(['undone', undefined]);
    await undo('main', taken.first, taken.last);
    expect(await fateOf(cell)).toBeUndefined();
  });

  it('is undone though the same documents are written again later', async () => {
    const cell = await run(() => write('main', 1, 1));
    await undo('main', head(), head());
    await run(() => write('main', 1, 5));
    expect(await fateOf(cell)).toBe('undone');
  });

  it('stands when an undo took back somebody else, or only a part', async () => {
    const cell = await run(async () => {
      await write('main', 1, 1);
      await replace(engine, 'main', 'birds', { _id: 2, n: 7 }, { actor: 'eve' });
      await write('main', 1, 2);
    });
    const last = head();
    const plan = await engine.planUndo(PROJECT, 'main', { actor: 'eve' }, ANN);
    await engine.applyPlan(PROJECT, plan.id, ANN);
    expect(await fateOf(cell)).toBeUndefined();
    await undo('main', last, last);
    expect(await fateOf(cell)).toBeUndefined();
  });

  it('stands again when its branch is reset to before the undo', async () => {
    const cell = await run(() => write('main', 1, 1));
    const written = head();
    await undo('main', written, written);
    expect(await fateOf(cell)).toBe('undone');
    await engine.createBranch(PROJECT, 'trial', ANN, { from: `main@${written}` });
    const there = await run(() => write('trial', 1, 2));
    const kept = head('trial');
    await undo('trial', kept, kept);
    expect(await fateOf(there)).toBe('undone');
    await engine.resetBranch(PROJECT, 'trial', `trial@${kept}`, ANN);
    expect(await fateOf(there)).toBeUndefined();
  });

  it('is told of every document, however many, while others have their turn', async () => {
    const first = (head() + 1) as Lsn;
    const documents = Array.from({ length: 2_500 }, (_, n) => ({ _id: 100 + n, n }));
    const cell = await run(async () => {
      await insert(engine, 'main', 'birds', documents, sessions.origin('k'));
      await replace(engine, 'main', 'birds', { _id: 2_599, n: -1 }, { actor: 'eve' });
      // This one finds what somebody else has left.
      await write('main', 2_599, -2);
      sessions.noteWrite('k', {
        project: PROJECT,
        branch: 'main',
        timeline: engine.resolve(PROJECT, 'main').timeline,
        collection: 'birds',
        firstLsn: first,
        lastLsn: head(),
        inserts: documents.length,
        updates: 1,
        deletes: 0
      });
    });
    const last = head();
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    const partly = await engine.planUndo(PROJECT, 'main', { range: { first, last } }, ANN);
    await engine.applyPlan(PROJECT, partly.id, ANN);
    turns = 0;
    expect(await fateOf(cell)).toBe('undone');
    clearInterval(count);
    expect(turns).toBeGreaterThan(5);
  });

  it('is undone when a document is again as somebody else had left it in between', async () => {
    const first = (head() + 1) as Lsn;
    const cell = await run(async () => {
      await write('main', 2, 1);
      await replace(engine, 'main', 'birds', { _id: 1, n: 7 }, { actor: 'eve' });
      await write('main', 1, 8);
      await write('main', 1, 9);
    });
    const own = { session: 'k', cell: `c${cell}`, range: { first, last: head() } };
    const plan = await engine.planUndo(PROJECT, 'main', own, ANN);
    await engine.applyPlan(PROJECT, plan.id, ANN);
    expect((await sessions.cells('k', 1))[0]?.writes).toMatchObject([{ fate: 'undone' }]);
  });

  it('stands when of many documents the last one was left as it is', async () => {
    const first = (head() + 1) as Lsn;
    const documents = Array.from({ length: 2_500 }, (_, n) => ({ _id: 100 + n, n }));
    const cell = await run(async () => {
      await insert(engine, 'main', 'birds', documents, sessions.origin('k'));
      sessions.noteWrite('k', {
        project: PROJECT,
        branch: 'main',
        timeline: engine.resolve(PROJECT, 'main').timeline,
        collection: 'birds',
        firstLsn: first,
        lastLsn: head(),
        inserts: documents.length,
        updates: 0,
        deletes: 0
      });
    });
    const last = head();
    await replace(engine, 'main', 'birds', { _id: 2_599, n: 7 }, { actor: 'eve' });
    const plan = await engine.planUndo(PROJECT, 'main', { range: { first, last } }, ANN);
    await engine.answerPlan(PROJECT, plan.id, [], 'ours');
    await engine.applyPlan(PROJECT, plan.id, ANN);
    expect(await fateOf(cell)).toBeUndefined();
  });

  it('is gone with its branch and by a reset, and follows a new name', async () => {
    await engine.createBranch(PROJECT, 'exp', ANN);
    const early = await run(() => write('exp', 1, 1));
    const kept = head('exp');
    const late = await run(() => write('exp', 1, 2));
    await engine.renameBranch(PROJECT, 'exp', 'trial', ANN);
    expect([await fateOf(early), await fateOf(late)]).toEqual([undefined, undefined]);
    await engine.resetBranch(PROJECT, 'trial', `trial@${kept}`, ANN);
    expect([await fateOf(early), await fateOf(late)]).toEqual([undefined, 'gone']);
    await engine.deleteBranch(PROJECT, 'trial', ANN);
    expect([await fateOf(early), await fateOf(late)]).toEqual(['gone', 'gone']);
  });

  it('a renamed branch makes nobody stale', async () => {
    await engine.createBranch(PROJECT, 'exp', ANN);
    await run(async () => read('exp'));
    await engine.renameBranch(PROJECT, 'exp', 'trial', ANN);
    expect(await staleCells(engine, 'k', sessions.executions('k'))).toEqual([]);
    await replace(engine, 'trial', 'birds', { _id: 1, n: 3 });
    expect(await staleCells(engine, 'k', sessions.executions('k'))).toMatchObject([
      { reads: [{ read: { branch: 'trial' } }] }
    ]);
  });

  it('is told to those who show it, once', async () => {
    await run(() => write('main', 1, 1));
    await run(() => write('main', 2, 1));
    const seen = new Promise<SessionNews>(resolve => sessions.subscribe(resolve));
    news.length = 0;
    await undo('main', (head() - 1) as Lsn, (head() - 1) as Lsn);
    expect(await seen).toMatchObject({
      type: 'cell',
      activity: { cellNumber: number - 1, writes: [{ fate: 'undone' }] }
    });
    expect(news).toHaveLength(1);
  });

  /** As a sandbox: a branch of what is checked out, perhaps kept under a name, and deleted by the cell itself. */
  async function sandbox(
    name: string,
    from: string,
    work: () => Promise<void>,
    keep?: string
  ): Promise<void> {
    await engine.createBranch(PROJECT, name, ANN, { from });
    await work();
    if (keep !== undefined) {
      await engine.createBranch(PROJECT, keep, ANN, { from: name });
    }
    const info = engine.branch(PROJECT, name);
    await engine.deleteBranch(PROJECT, name, ANN);
    sessions.noteDeletedBranch('k', PROJECT, info);
  }

  it('in a sandbox is gone, and kept it stands on the branch that was kept', async () => {
    const gone = await run(() => sandbox('box', 'main', () => write('box', 1, 1)));
    const kept = await run(() => sandbox('box', 'main', () => write('box', 1, 1), 'better'));
    expect([await fateOf(gone), await fateOf(kept)]).toEqual(['gone', undefined]);
    const [newest] = await sessions.cells('k', 1);
    expect(newest?.writes).toMatchObject([{ branch: 'better' }]);
  });

  it('in a sandbox, and in one inside it, goes stale when what it was made from changes', async () => {
    await run(() =>
      sandbox('box', 'main', async () => {
        await write('box', 1, 5);
        await sessions.checkout('k', PROJECT, 'box');
        await sandbox('inner', 'box', async () => read('inner'));
        await sessions.checkout('k', PROJECT, 'main');
      })
    );
    const executions = sessions.executions('k');
    expect(await staleCells(engine, 'k', executions)).toEqual([]);
    const [activity] = await sessions.cells('k');
    expect(activity?.reads).toMatchObject([
      { base: { branch: 'main' }, digest: expect.stringMatching(/^[0-9a-f]{32}$/) as string }
    ]);
    await replace(engine, 'main', 'birds', { _id: 2, n: 9 });
    expect(await staleCells(engine, 'k', executions)).toMatchObject([
      { reads: [{ read: { branch: 'main' }, changed: { op: 'update' } }] }
    ]);
  });

  it('in a sandbox of the past never goes stale', async () => {
    const past = `main@${head()}`;
    await sessions.checkout('k', PROJECT, past);
    await run(() => sandbox('box', past, async () => read('box')));
    await replace(engine, 'main', 'birds', { _id: 2, n: 9 });
    expect(await staleCells(engine, 'k', sessions.executions('k'))).toEqual([]);
  });
});
