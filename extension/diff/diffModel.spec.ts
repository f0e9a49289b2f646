import { nullTranslator } from '@jupyterlab/translation';
import { ArgonClient } from '../client/client';
import type { DocumentDiff, MergeOverlapResult, State } from '../client/protocol';
import { FakeServer, settle } from '../testing/fakeServer';
import { DiffModel } from './diffModel';
import { overlapText } from './overlap';

const HEADS: Readonly<Record<string, number>> = { main: 1192, clean: 1204 };

/** A ref with an LSN is a past state. */
function stateOf(ref: string): State {
  const [branch = '', lsn] = ref.split('@');
  return {
    project: 'penguins',
    ref: lsn === undefined ? `${branch}@${HEADS[branch]}` : ref,
    branch,
    timeline: branch === 'main' ? 1 : 4,
    lsn: Number(lsn ?? HEADS[branch]),
    time: '',
    clusterTime: { t: 1, i: 1 },
    writable: lsn === undefined,
    database: ''
  };
}

const changed = (id: string, op: DocumentDiff['op'] = 'update'): DocumentDiff => ({
  collection: 'penguins',
  id,
  op,
  fields: []
});

describe('DiffModel', () => {
  let server: FakeServer;
  let client: ArgonClient;
  let model: DiffModel;

  beforeEach(async () => {
    server = new FakeServer();
    server.answers.diff = ({ from, to, after }) => ({
      from: stateOf(from),
      to: stateOf(to),
      summary: [{ collection: 'penguins', added: 0, changed: 3, deleted: 1 }],
      catalog: [],
      documents:
        after === undefined
          ? [changed('A004', 'delete'), changed('A009')]
          : [changed('G027'), changed('G105')],
      ...(after === undefined ? { next: 'two' } : {})
    });
    server.answers['ref.collections'] = ({ ref }) => ({ state: stateOf(ref), digest: '', collections: [] });
    server.answers['merge.overlap'] = ({ source, into, documents = [] }) => ({
      source,
      into: stateOf(into).ref,
      base: 'main@949',
      forkLsn: 949,
      documents: 2,
      asked: 1,
      more: false,
      marks: documents.map(({ id }) => ({ A004: 'asked', G105: 'joined' })[String(id)] ?? 'none')
    });
    client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    await client.need();
  });

  afterEach(() => {
    model.dispose();
    client.dispose();
  });

  const show = async (from: string, to: string): Promise<void> => {
    model = new DiffModel(client, 'penguins', from, to);
    await settle();
  };
  const asked = () =>
    server.calls.filter(({ method }) => method === 'merge.overlap').map(({ params }) => params as object);
  const marks = () => model.documents.map(document => model.markOf(document));

  it('asks page by page what the other side has changed too, and counts once', async () => {
    await show('main', 'clean');
    expect(asked()).toEqual([
      {
        project: 'penguins',
        source: 'clean@1204',
        into: 'main@1192',
        documents: [
          { collection: 'penguins', id: 'A004' },
          { collection: 'penguins', id: 'A009' }
        ]
      }
    ]);
    expect(model.overlap).toMatchObject({ branch: 'main', documents: 2, asked: 1 });
    await model.readMore();
    await settle();
    expect(asked()[1]).toMatchObject({ into: 'main@1192', limit: 0 });
    expect(marks()).toEqual(['asked', 'none', 'none', 'joined']);
  });

  it('since the fork asks about the head of the branch that it was forked from', async () => {
    await show('main@949', 'clean');
    expect(asked()).toMatchObject([{ source: 'clean@1204', into: 'main' }]);
    await model.readMore();
    await settle();
    expect(asked()[1]).toMatchObject({ into: 'main@1192' });
  });

  it('asks nothing between states of one branch', async () => {
    await show('main@949', 'main');
    expect(asked()).toEqual([]);
    expect(model.hasOtherSide).toBe(false);
  });

  it('stands without an answer, and forgets the marks of other states', async () => {
    await show('main', 'clean');
    server.answers['merge.overlap'] = () => Promise.reject(new Error('the bridge went away'));
    await model.swap();
    await settle();
    expect(model.overlap).toBeUndefined();
    expect(model.error).toBeUndefined();
    expect(marks()).toEqual(['none', 'none']);
  });

  it('lists documents by what happened to them', async () => {
    await show('main', 'clean');
    model.show('delete', false);
    const listed = model.lines.flatMap(line =>
      line.kind === 'document' ? [model.documents[line.index]!.id] : []
    );
    expect(listed).toEqual(['A009']);
    model.show('delete', true);
    expect(model.lines.filter(({ kind }) => kind === 'document')).toHaveLength(2);
  });
});

describe('overlapText', () => {
  const trans = nullTranslator.load('');
  const text = (part: Partial<MergeOverlapResult>) =>
    overlapText(
      { source: '', into: '', documents: 0, asked: 0, more: false, marks: [], branch: 'main', ...part },
      trans
    );

  it('claims no more than is known', () => {
    expect(text({})).toBeUndefined();
    expect(text({ documents: 3, asked: 3 })).toBe(
      '3 documents were also changed on main: a merge will ask about them'
    );
    expect(text({ documents: 1, asked: 0 })).toBe(
      '1 document was also changed on main: a merge joins both by rule'
    );
    expect(text({ documents: 3, asked: 1 })).toMatch(/ask about 1 of them$/);
    expect(text({ documents: 9_000, asked: 8_000, more: true })).toMatch(/^At least 9,000 .* 8,000 of them/);
  });
});
