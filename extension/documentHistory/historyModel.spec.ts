import { ArgonClient } from '../client/client';
import type { Change } from '../client/protocol';
import { RpcError } from '../client/rpcError';
import { FakeServer, settle } from '../testing/fakeServer';
import { Penguins } from '../testing/penguins';
import { HistoryModel, type HistoryView } from './historyModel';

const story = Penguins.story(Date.now());

const change = (lsn: number): Change => ({
  lsn,
  timeline: 1,
  branch: 'main',
  collection: 'penguins',
  id: 'G027',
  op: 'update',
  time: '',
  origin: { actor: 'ada' },
  fields: []
});

describe('HistoryModel', () => {
  let server: FakeServer;
  let client: ArgonClient;
  let model: HistoryModel;

  beforeEach(async () => {
    server = new FakeServer();
    // Versions at every ten LSNs up to 90; two in a page.
    const all = [90, 80, 70, 60, 50, 40].map(change);
    server.answers['history'] = ({ ref, before, after }) => {
      const upTo = Number(ref.split('@')[1] ?? 90);
      const known = all.filter(({ lsn }) => lsn <= upTo && lsn < (before ?? Infinity));
      if (after !== undefined) {
        const newer = known.filter(({ lsn }) => lsn > after);
        const changes = newer.slice(-2);
        return { changes, ...(newer.length > 2 ? { newer: changes[0]!.lsn } : {}) };
      }
      const changes = known.slice(0, 2);
      return { changes, ...(known.length > 2 ? { next: changes.at(-1)!.lsn } : {}) };
    };
    server.answers['run.affected'] = () => ({ runs: [], total: 0 });
    client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    await client.need();
  });

  afterEach(() => {
    model.dispose();
    client.dispose();
  });

  const show = async (ref: string, view: HistoryView = 'history'): Promise<void> => {
    model = new HistoryModel(client, { project: 'penguins', ref, collection: 'penguins', id: 'G027' }, view);
    await settle();
  };
  const lsns = () => model.changes?.map(({ lsn }) => lsn);

  it('reads the newest versions, then older ones until there are none', async () => {
    await show('main');
    expect([lsns(), model.hasOlder, model.hasNewer]).toEqual([[90, 80], true, false]);
    await model.readOlder();
    await model.readOlder();
    expect([lsns(), model.hasOlder]).toEqual([[90, 80, 70, 60, 50, 40], false]);
    const asked = server.calls.length;
    await model.readOlder();
    expect(server.calls.length).toBe(asked);
  });

  it('seen from the past, it reads newer versions in front, and the selected one stays selected', async () => {
    await show('main@60');
    model.selected = 1;
    expect([lsns(), model.hasNewer, model.change?.lsn]).toEqual([[60, 50], true, 50]);
    await model.readNewer();
    expect([lsns(), model.hasNewer, model.change?.lsn]).toEqual([[80, 70, 60, 50], true, 50]);
    await model.readNewer();
    expect([lsns(), model.hasNewer, model.change?.lsn]).toEqual([[90, 80, 70, 60, 50], false, 50]);
    expect(server.calls.filter(({ method }) => method === 'history').at(-1)?.params).toMatchObject({
      ref: 'main',
      after: 80
    });
  });

  it('takes no newer versions that come after it was told to look from elsewhere', async () => {
    await show('main@60');
    const late = model.readNewer();
    model.moveTo('main@40');
    await late;
    await settle();
    expect([lsns(), model.isReading]).toEqual([[40], false]);
  });

  it('says that somebody wrote its collection, until it is read again', async () => {
    await show('main');
    const tell = (collection: string) =>
      server.tell({
        type: 'commit',
        project: 'penguins',
        branch: 'main',
        lsn: 91,
        entry: { ...story.entries[0]!, collections: [collection] }
      });
    tell('sources');
    expect(model.isMoved).toBe(false);
    tell('penguins');
    expect(model.isMoved).toBe(true);
    await model.read();
    expect(model.isMoved).toBe(false);
  });

  it('keeps the history when the blame cannot be told, and tells why', async () => {
    server.answers['blame'] = () => Promise.reject(new RpcError('HISTORY_GONE', 'It was collected.'));
    await show('main', 'blame');
    expect(model.blameError).toMatchObject({ code: 'HISTORY_GONE' });
    expect([model.error, lsns()]).toEqual([undefined, [90, 80]]);
    server.answers['blame'] = ({ after }) => ({
      fields: [{ path: [after === undefined ? 'sex' : 'island'] }],
      ...(after === undefined ? { next: 1 } : {})
    });
    await model.read();
    expect([model.blameError, model.fields?.length, model.hasMoreFields]).toEqual([undefined, 1, true]);
    await model.readMoreFields();
    expect([model.fields?.map(({ path }) => path[0]), model.hasMoreFields]).toEqual([
      ['sex', 'island'],
      false
    ]);
  });
});
