import { ArgonClient } from '../client/client';
import type { DocumentsFindResult, Entry, State } from '../client/protocol';
import { codeOf, RpcError } from '../client/rpcError';
import { FakeServer, settle } from '../testing/fakeServer';
import { Held } from '../testing/held';
import { Penguins } from '../testing/penguins';
import { DataModel, type IDataQuery } from './dataModel';

const story = Penguins.story(Date.now());

/** `main` stands at LSN 40; a ref with an LSN is that state. */
function stateOf(ref: string): State {
  const [branch, lsn] = ref.split('@');
  return {
    project: 'penguins',
    ref: lsn === undefined ? `${branch}@40` : ref,
    branch: branch!,
    timeline: 1,
    lsn: Number(lsn ?? 40),
    time: '',
    clusterTime: { t: 1, i: 1 },
    writable: lsn === undefined,
    database: ''
  };
}

const page = (ids: readonly number[], next?: string) => ({
  state: stateOf('main'),
  documents: ids.map(id => ({ id, bytes: 20, document: { _id: id, sex: 'male' } })),
  read: 'scan',
  ...(next === undefined ? {} : { next })
});

describe('DataModel', () => {
  let server: FakeServer;
  let client: ArgonClient;
  let model: DataModel;

  beforeEach(async () => {
    server = new FakeServer();
    server.answers['ref.collections'] = ({ ref }) => ({
      state: stateOf(ref),
      digest: '',
      collections: ['penguins', 'sources'].map(name => ({
        name,
        count: 344,
        digest: '',
        indexes: [],
        options: {}
      }))
    });
    server.answers['documents.find'] = ({ after }) => (after === undefined ? page([1, 2], 'two') : page([3]));
    server.answers['documents.count'] = () => ({ state: stateOf('main'), count: 3, exact: true });
    server.answers['documents.statistics'] = () => ({ state: stateOf('main'), bytes: 60, documents: 3 });
    server.answers['documents.cancel'] = () => ({});
    client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    await client.need();
  });

  afterEach(() => {
    model.dispose();
    client.dispose();
  });

  const show = async (query: Partial<IDataQuery> = {}): Promise<void> => {
    model = new DataModel(client, { project: 'penguins', ref: 'main', ...query }, () => ({
      documentsPerPage: 2
    }));
    await settle();
  };
  const ids = () => [...(model.rows?.held() ?? [])].map(({ id }) => id);
  const asked = (method: string) =>
    server.calls
      .filter(call => call.method === method)
      .map(({ params }) => params as Record<string, unknown>);

  it('opens the first collection and reads it page by page, of one state', async () => {
    await show();
    expect(model.collection).toBe('penguins');
    expect(ids()).toEqual([1, 2]);
    expect([model.count, model.found, model.isReading]).toEqual([{ count: 3, exact: true }, 'scan', false]);
    await model.rows!.more();
    expect(ids()).toEqual([1, 2, 3]);
    expect(model.rows!.isWhole).toBe(true);
    expect(asked('documents.find').map(({ ref, limit }) => [ref, limit])).toEqual([
      ['main@40', 2],
      ['main@40', 2]
    ]);
  });

  it('reads what is typed only when it is a query, and keeps the filter for the next time', async () => {
    await show();
    model.filter = '{ sex: ';
    expect(model.apply()).toBe(false);
    expect(model.isApplied).toBe(false);
    model.filter = '{ sex: "male" }';
    expect(model.apply()).toBe(true);
    await settle();
    expect(asked('documents.find').at(-1)).toMatchObject({ filter: { sex: 'male' } });
    expect(model.query.filter).toBe('{ sex: "male" }');
  });

  it('stops what is under way by its name, says so, and reads again when it is told to', async () => {
    const held = new Held<DocumentsFindResult>();
    server.answers['documents.find'] = () => held.promise;
    server.answers['documents.cancel'] = ({ request }) => {
      expect(request).toBe(asked('documents.find')[0]!['request']);
      held.refuse(new RpcError('CANCELLED', 'The operation was cancelled.'));
      return {};
    };
    await show();
    expect(model.isReading).toBe(true);
    model.cancel();
    await settle();
    expect(asked('documents.cancel')).toHaveLength(1);
    expect([codeOf(model.error), model.isReading]).toEqual(['CANCELLED', false]);
    server.answers['documents.find'] = () => page([7]);
    model.retry();
    await settle();
    expect([model.error, ids()]).toEqual([undefined, [7]]);
  });

  it('has nothing to stop when all is read, and never names two requests alike', async () => {
    await show();
    model.cancel();
    expect(asked('documents.cancel')).toEqual([]);
    const other = new DataModel(client, { project: 'penguins', ref: 'main' }, () => ({
      documentsPerPage: 2
    }));
    await settle();
    other.dispose();
    const names = [...asked('documents.find'), ...asked('documents.count')].map(({ request }) => request);
    expect(new Set(names).size).toBe(names.length);
  });

  it('takes no answer to a question that was given up', async () => {
    const first = new Held<DocumentsFindResult>();
    server.answers['documents.find'] = ({ collection }) =>
      collection === 'penguins' ? first.promise : page([9]);
    await show();
    model.open('sources');
    await settle();
    expect(ids()).toEqual([9]);
    first.give(page([1, 2]) as DocumentsFindResult);
    await settle();
    expect([model.collection, ids()]).toEqual(['sources', [9]]);
  });

  it('says that its branch has moved, and reads the head when it is told to', async () => {
    await show();
    const entry = { ...story.entries[0]!, collections: ['penguins'] };
    server.tell({ type: 'commit', project: 'penguins', branch: 'clean-nulls', lsn: 41, entry });
    expect(model.isMoved).toBe(false);
    server.tell({ type: 'commit', project: 'penguins', branch: 'main', lsn: 41, entry });
    expect(model.isMoved).toBe(true);
    await model.read();
    expect(model.isMoved).toBe(false);
  });

  describe('steps', () => {
    const entry = (firstLsn: number, lastLsn: number, collection: string): Entry => ({
      ...story.entries[0]!,
      firstLsn,
      lastLsn,
      branch: 'main',
      collections: [collection],
      catalog: []
    });

    beforeEach(() => {
      const all = [entry(36, 40, 'penguins'), entry(31, 35, 'sources'), entry(21, 30, 'penguins')];
      // Two pages: what is looked for may be on the second.
      server.answers['log'] = ({ ref, before }) => {
        const upTo = Number(ref?.split('@')[1] ?? 40);
        const known = all.filter(({ firstLsn }) => firstLsn <= upTo);
        const start = before === undefined ? 0 : known.findIndex(({ lastLsn }) => lastLsn < before);
        const next = known[start + 1] === undefined ? undefined : known[start]!.firstLsn;
        return { entries: known.slice(start, start + 1), timelines: [], horizon: 0, head: 40, next };
      };
      server.answers['branch.get'] = () => ({ name: 'main', head: 40 });
    });

    it('go to before the newest change of the collection, over those of others', async () => {
      await show();
      expect(await model.step('older')).toBe(true);
      expect(model.ref).toBe('main@35');
      expect(await model.step('older')).toBe(true);
      expect(model.ref).toBe('main@20');
      expect(await model.step('older')).toBe(false);
    });

    it('go to behind the next change, and to the branch itself at its head', async () => {
      await show({ ref: 'main@20' });
      expect(await model.step('newer')).toBe(true);
      expect(model.ref).toBe('main@30');
      expect(await model.step('newer')).toBe(true);
      expect(model.ref).toBe('main');
      expect(await model.step('newer')).toBe(false);
    });
  });
});
