import { ArgonClient } from '../client/client';
import type { Change, Entry, Plan } from '../client/protocol';
import { FakeServer, settle } from '../testing/fakeServer';
import { Penguins } from '../testing/penguins';
import { PlanModel } from './planModel';

const plan: Plan = {
  id: 'p-1',
  kind: 'merge',
  state: 'open',
  project: 'penguins',
  into: 'main',
  intoLsn: 1192,
  source: 'clean-nulls@1204',
  sourceLsn: 1204,
  base: 'main@949',
  summary: [],
  conflicts: 0,
  unanswered: 0,
  createdAt: ''
};
const main = Penguins.story(Date.now()).branches[0]!;
const entry: Entry = { ...Penguins.story(Date.now()).entries[4]!, branch: 'main' };
const change = (lsn: number, id: string): Change => ({
  lsn,
  timeline: 1,
  collection: 'penguins',
  id,
  op: 'update',
  time: '',
  origin: { actor: 'lin' },
  fields: []
});

describe('PlanModel', () => {
  let server: FakeServer;
  let client: ArgonClient;
  let model: PlanModel;
  /** The head of main, and what it did since the plan was made. */
  let head = 1192;
  let next: number | undefined;

  beforeEach(async () => {
    head = 1192;
    next = undefined;
    server = new FakeServer();
    server.answers['plan.get'] = () => ({ ...plan, state: head > 1192 ? 'stale' : 'open' });
    server.answers['plan.conflicts'] = () => ({ conflicts: [] });
    server.answers['plan.documents'] = () => ({ documents: [] });
    server.answers['branch.get'] = () => ({ ...main, head });
    server.answers.changes = ({ firstLsn, lastLsn }) => ({
      changes: [change(firstLsn, 'A009'), change(lastLsn, 'C012')],
      ...(next === undefined ? {} : { next })
    });
    client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    await client.need();
  });

  afterEach(() => {
    jest.useRealTimers();
    model.dispose();
    client.dispose();
  });

  const open = async (): Promise<void> => {
    model = new PlanModel(client, 'penguins', { plan: 'p-1', session: () => undefined });
    await settle();
  };
  const commit = async (lsn: number): Promise<void> => {
    head = lsn;
    server.tell({ type: 'commit', project: 'penguins', branch: 'main', lsn, entry });
    jest.runOnlyPendingTimers();
    await settle();
  };
  const read = () => server.calls.filter(({ method }) => method === 'changes').map(({ params }) => params);

  it('names what moved the head, when it moves', async () => {
    await open();
    expect(model.moved).toBeUndefined();
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    await commit(1893);
    expect(read()).toMatchObject([{ timeline: 1, firstLsn: 1193, lastLsn: 1893 }]);
    expect(model.movedTo).toBe(1893);
    expect(model.moved).toMatchObject({ isOne: true, documents: [{ id: 'A009' }, { id: 'C012' }] });
  });

  it('and when it had moved before the plan was opened', async () => {
    head = 1893;
    await open();
    expect(model.movedTo).toBe(1893);
    expect(model.moved?.documents).toHaveLength(2);
  });

  it('reads no more of it than it can name', async () => {
    await open();
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    next = 1300;
    await commit(1893);
    await commit(1894);
    expect(read()).toHaveLength(1);
    expect(model.movedTo).toBe(1894);
    expect(model.moved?.isMore).toBe(true);
  });
});
