import type { Lsn } from '@argon/wal-core';
import { insert, openTestBridge, replace, type TestBridge } from '../rpc/harness.testing';
import { CellExecution } from './activity';
import { newestExecutions, rerunPlan, staleCells } from './stale';

const PROJECT = 'shop';

describe('cells and the data they read', () => {
  let bridge: TestBridge;

  beforeAll(async () => {
    bridge = await openTestBridge();
    await bridge.engine.createProject(PROJECT, { actor: 'ann' });
    for (const collection of ['raw', 'clean', 'model']) {
      await insert(bridge.engine, 'main', collection, [{ _id: 1, n: 0 }]);
    }
  });

  afterAll(() => bridge.close());

  let count = 0;
  /** A cell that read these collections at the head of main now, and then wrote those. */
  async function run(
    cell: string,
    { reads = [], writes = [], isHead = true }: { reads?: string[]; writes?: string[]; isHead?: boolean }
  ): Promise<CellExecution> {
    const execution = new CellExecution(cell, ++count, new Date(count));
    const { ref, lsn, timeline } = bridge.engine.resolve(PROJECT, 'main');
    const of = { project: PROJECT, branch: 'main' };
    for (const collection of reads) {
      const at = { ...of, ref, lsn, ...(isHead ? { head: timeline } : {}) };
      execution.noteRead({ ...at, collection, documents: 1 });
    }
    for (const collection of writes) {
      const origin = { actor: 'ann', session: 's', cell, cellNumber: count };
      await replace(bridge.engine, 'main', collection, { _id: 1, n: count }, origin);
      const head: Lsn = bridge.engine.resolve(PROJECT, 'main').lsn;
      const counts = { inserts: 0, updates: 1, deletes: 0 };
      execution.noteWrite({ ...of, timeline, collection, firstLsn: head, lastLsn: head, ...counts });
    }
    return execution;
  }

  const names = (cells: readonly { execution: CellExecution }[]) =>
    cells.map(({ execution }) => execution.cell);

  it('are stale when somebody else has changed it, and not by what they wrote themselves', async () => {
    const cells = [
      await run('reader', { reads: ['raw'] }),
      await run('own', { reads: ['model'], writes: ['model'] }),
      await run('past', { reads: ['raw'], isHead: false }),
      await run('other', { reads: ['clean'] })
    ];
    expect(await staleCells(bridge.engine, 's', cells)).toEqual([]);
    await replace(bridge.engine, 'main', 'raw', { _id: 1, n: 100 }, { actor: 'eve' });
    const [stale, ...none] = await staleCells(bridge.engine, 's', cells);
    expect(none).toEqual([]);
    expect(stale?.execution.cell).toBe('reader');
    expect(stale?.reads[0]?.changed).toMatchObject({ origin: { actor: 'eve' }, op: 'update' });
    await replace(bridge.engine, 'main', 'model', { _id: 1, n: 101 }, { actor: 'eve' });
    expect(names(await staleCells(bridge.engine, 's', cells))).toEqual(['reader', 'own']);
  });

  it('are fresh again when the data is what it was', async () => {
    const cells = [await run('reader', { reads: ['raw'] })];
    await replace(bridge.engine, 'main', 'raw', { _id: 1, n: 7 });
    expect(names(await staleCells(bridge.engine, 's', cells))).toEqual(['reader']);
    await replace(bridge.engine, 'main', 'raw', { _id: 1, n: 100 });
    expect(await staleCells(bridge.engine, 's', cells)).toEqual([]);
  });

  it('count by their newest execution', async () => {
    const first = await run('again', { reads: ['raw'] });
    await replace(bridge.engine, 'main', 'raw', { _id: 1, n: 200 });
    expect(names(await staleCells(bridge.engine, 's', [first]))).toEqual(['again']);
    const cells = [first, await run('again', { reads: ['raw'] })];
    expect(newestExecutions(cells)).toEqual([cells[1]]);
    expect(await staleCells(bridge.engine, 's', cells)).toEqual([]);
  });

  it('are run again behind those that write what they read', async () => {
    const cells = [
      await run('train', { reads: ['clean'], writes: ['model'] }),
      await run('prepare', { reads: ['raw'], writes: ['clean'] }),
      await run('alone', { reads: [] })
    ];
    await replace(bridge.engine, 'main', 'raw', { _id: 1, n: 300 });
    const stale = await staleCells(bridge.engine, 's', cells);
    expect(names(stale)).toEqual(['train', 'prepare']);
    const plan = await rerunPlan(bridge.engine, 's', cells, stale);
    expect(names(plan)).toEqual(['prepare', 'train']);
    expect(plan[1]?.after.map(({ cell }) => cell)).toEqual(['prepare']);
  });

  it('follow a stale cell though their own data has not changed yet', async () => {
    const cells = [
      await run('prepare', { reads: ['raw'], writes: ['clean'] }),
      await run('train', { reads: ['clean'], writes: ['model'] }),
      await run('score', { reads: ['model'] })
    ];
    await replace(bridge.engine, 'main', 'raw', { _id: 1, n: 400 });
    const stale = await staleCells(bridge.engine, 's', cells);
    expect(names(stale)).toEqual(['prepare']);
    const plan = await rerunPlan(bridge.engine, 's', cells, stale);
    expect(plan.map(({ execution, isStale }) => [execution.cell, isStale])).toEqual([
      ['prepare', true],
      ['train', false],
      ['score', false]
    ]);
  });

  it('that need one another are run in the order in which they ran', async () => {
    const cells = [
      await run('a', { reads: ['raw'], writes: ['clean'] }),
      await run('b', { reads: ['clean'], writes: ['raw'] })
    ];
    const plan = await rerunPlan(bridge.engine, 's', cells, await staleCells(bridge.engine, 's', cells));
    expect(names(plan)).toEqual(['a', 'b']);
  });

  it('are stale without a cause that can be told when their branch was reset or is gone', async () => {
    const execution = new CellExecution('side', 1, new Date());
    await bridge.engine.createBranch(PROJECT, 'side', { actor: 'ann' });
    await replace(bridge.engine, 'side', 'raw', { _id: 1, n: -5 });
    const { ref, lsn, timeline: head } = bridge.engine.resolve(PROJECT, 'side');
    const read = { project: PROJECT, branch: 'side', ref, lsn, head, collection: 'raw', documents: 1 };
    execution.noteRead(read);
    expect(await staleCells(bridge.engine, 's', [execution])).toEqual([]);
    await bridge.engine.resetBranch(PROJECT, 'side', 'main', { actor: 'ann' });
    expect(await staleCells(bridge.engine, 's', [execution])).toMatchObject([
      { reads: [{ changed: undefined }] }
    ]);
    await bridge.engine.deleteBranch(PROJECT, 'side', { actor: 'ann' });
    const [stale] = await staleCells(bridge.engine, 's', [execution]);
    expect(stale?.reads).toMatchObject([{ changed: undefined }]);
  });

  it('are not stale when they did away with the branch that they read themselves, as a sandbox does', async () => {
    const execution = new CellExecution('box', 1, new Date());
    await bridge.engine.createBranch(PROJECT, 'box', { actor: 'ann' });
    const { ref, lsn, timeline: head } = bridge.engine.resolve(PROJECT, 'box');
    const read = { project: PROJECT, branch: 'box', ref, lsn, head, collection: 'raw', documents: 1 };
    execution.noteRead(read);
    await bridge.engine.deleteBranch(PROJECT, 'box', { actor: 'ann' });
    execution.noteDeletedBranch('another', 'box');
    expect(await staleCells(bridge.engine, 's', [execution])).toHaveLength(1);
    execution.noteDeletedBranch(PROJECT, 'box');
    expect(await staleCells(bridge.engine, 's', [execution])).toEqual([]);
  });
});
