import { insert, openTestBridge, type TestBridge, type TestClient } from '../rpc/harness.testing';

describe('the lineage of a project', () => {
  let bridge: TestBridge;
  let client: TestClient;
  const project = 'shop';
  const graph = (what: object = {}) => client.call('lineage.graph', { project, ...what });
  const ids = (found: Awaited<ReturnType<typeof graph>>) => found.runs.map(({ run }) => run.id);
  const register = (run: string, ref = 'main', facts: Record<string, string> = {}, session?: string) =>
    client.call('run.register', {
      project,
      run,
      ref,
      facts,
      ...(session === undefined ? {} : { session })
    });

  beforeEach(async () => {
    bridge = await openTestBridge();
    client = await bridge.connect();
    await client.call('project.create', { name: project });
    await insert(bridge.engine, 'main', 'users', [{ _id: 1 }, { _id: 2 }]);
  });

  afterEach(() => bridge.close());

  it('is empty where no run was', async () => {
    expect(await graph()).toMatchObject({
      total: 0,
      branches: [],
      data: [],
      cells: [],
      runs: [],
      models: []
    });
  });

  it('has one state for all runs that saw it, and one cell for all runs it started there', async () => {
    await register('a', 'main', { notebook: 'n.ipynb', cellNumber: '3' });
    await register('b', 'main', { notebook: 'n.ipynb', cellNumber: '3' });
    await client.call('pin.create', { project, name: 'v1', ref: 'main' });
    await insert(bridge.engine, 'main', 'users', [{ _id: 3 }]);
    await register('c', 'main', { notebook: 'n.ipynb', cellNumber: '3' });
    await register('d', 'main');
    const { data, cells, runs } = await graph();
    expect(data.map(({ documents, pins }) => [documents, pins])).toEqual([
      [3, []],
      [2, ['v1']]
    ]);
    expect(cells.map(cell => cell.data)).toEqual(expect.arrayContaining(data.map(({ key }) => [key])));
    expect(cells).toHaveLength(2);
    const without = runs.find(({ run }) => run.id === 'd')!;
    expect(without).not.toHaveProperty('cell');
    expect(without.data).toBe(data[0]!.key);
  });

  it('comes in pages that together are the whole, each run once', async () => {
    for (let n = 0; n < 7; n++) {
      await register(`r${n}`, 'main', { notebook: `${n % 2}.ipynb` });
    }
    const whole = await graph();
    const found: string[] = [];
    const keys = new Set<string>();
    for (let after: string | undefined; ;) {
      const page = await graph({ limit: 3, ...(after === undefined ? {} : { after }) });
      expect(page.total).toBe(7);
      found.push(...ids(page));
      page.cells.forEach(({ key }) => keys.add(key));
      if (page.next === undefined) {
        break;
      }
      after = page.next;
    }
    expect(found).toEqual(ids(whole));
    expect(keys).toEqual(new Set(whole.cells.map(({ key }) => key)));
    const oldest = found.at(-1)!;
    expect(ids(await graph({ limit: 2, run: oldest }))).toEqual([...found.slice(0, 2), oldest]);
    expect(await graph({ limit: 0 })).toMatchObject({ total: 7, runs: [] });
  });

  it('finds runs by branch, LSN, digest and words', async () => {
    const a = await register('a', 'main', { name: 'Forest', notebook: 'n.ipynb' });
    await client.call('branch.create', { project, name: 'clean', from: 'main' });
    const same = await register('same', 'clean', { model: 'trees' });
    await insert(bridge.engine, 'clean', 'users', [{ _id: 3 }]);
    const other = await register('other', 'clean', { 'registered.Risk/x/3': '' });
    expect(same.digest).toBe(a.digest);
    expect(ids(await graph({ digest: a.digest })).sort()).toEqual(['a', 'same']);
    expect(ids(await graph({ branch: 'main' }))).toEqual(['a']);
    expect(ids(await graph({ firstLsn: other.lsn }))).toEqual(['other']);
    expect(ids(await graph({ search: 'foRest' }))).toEqual(['a']);
    expect(ids(await graph({ search: 'TREES' }))).toEqual(['same']);
    expect(ids(await graph({ search: `clean@${other.lsn}` }))).toEqual(['other']);
    const found = await graph({ search: 'risk' });
    expect(found.models).toMatchObject([{ name: 'Risk/x', version: '3', aliases: [] }]);
    expect(found.branches).toEqual(['clean', 'main']);
  });

  it('says of a run whether the name of its branch still leads to what it saw', async () => {
    const branches = async () =>
      Object.fromEntries((await graph()).runs.map(({ run }) => [run.id, run.branchNow ?? 'there']));
    await client.call('branch.create', { project, name: 'exp', from: 'main' });
    await register('forked', 'exp');
    await insert(bridge.engine, 'exp', 'users', [{ _id: 3 }]);
    await register('own', 'exp');
    await register('main', 'main');
    expect(await branches()).toEqual({ forked: 'there', own: 'there', main: 'there' });
    await client.call('branch.delete', { project, name: 'exp' });
    expect(await branches()).toEqual({ forked: 'gone', own: 'gone', main: 'there' });
    await client.call('branch.create', { project, name: 'exp', from: 'main' });
    expect(await branches()).toMatchObject({ own: 'another', main: 'there' });
    const list = await client.call('run.list', { project, branch: 'exp' });
    expect(list.runs.map(({ branchNow }) => branchNow)).toEqual(['another', 'another']);
    await register('again', 'exp');
    expect(await branches()).toMatchObject({ own: 'another', again: 'there' });
  });

  it('knows what else a cell read, while the process remembers', async () => {
    await client.call('session.open', { id: 'k', actor: 'ann', notebook: 'n.ipynb', project });
    await client.call('branch.create', { project, name: 'test', from: 'main' });
    await insert(bridge.engine, 'test', 'users', [{ _id: 4 }]);
    await client.call('session.cell', { id: 'k', cell: { id: 'c1', number: 5 } });
    const test = bridge.engine.resolve(project, 'test');
    const { sessions } = bridge.core.context;
    for (const [branch, lsn] of [
      ['test', test.lsn],
      ['main', bridge.engine.resolve(project, 'main').lsn]
    ] as const) {
      sessions.noteRead('k', { project, ref: branch, branch, lsn, collection: 'users', documents: 3 });
    }
    await register('r', 'main', {}, 'k');
    const { cells, data, runs } = await graph();
    expect(cells[0]).toMatchObject({ cell: 'c1', cellNumber: 5, notebook: 'n.ipynb' });
    expect(cells[0]!.data).toHaveLength(2);
    expect(cells[0]!.data[0]).toBe(runs[0]!.data);
    expect(data.map(({ branch, documents }) => [branch, documents])).toEqual([
      ['main', 2],
      ['test', 3]
    ]);
  });

  it('shows a state that is gone as gone', async () => {
    await register('r');
    await bridge.engine.updateRun(project, 'r', {});
    await client.call('run.release', { project, run: 'r' });
    expect((await graph()).data[0]).not.toHaveProperty('gone');
    for (let n = 10; n < 20; n++) {
      await insert(bridge.engine, 'main', 'users', [{ _id: n }]);
    }
    await client.call('keeping.gc', { project, keepLsns: 1, apply: true });
    const [state] = (await graph()).data;
    expect(state).toMatchObject({ gone: true, branch: 'main' });
  });

  it('answers for a thousand runs at once', async () => {
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => register(`r${n}`, 'main', { cellNumber: String(n % 10) }))
    );
    const started = performance.now();
    const found = await graph({ limit: 5_000 });
    expect(performance.now() - started).toBeLessThan(1_500);
    expect([found.runs.length, found.cells.length, found.data.length]).toEqual([1_000, 10, 1]);
  }, 30_000);
});
