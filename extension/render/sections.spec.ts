import { nullTranslator } from '@jupyterlab/translation';
import * as fc from 'fast-check';
import type { DocumentDiff, Run } from '../client/protocol';
import { kindOf, KINDS, mimeTypeOf } from './kinds';
import { partsOfRuns } from './runParts';
import { sectionsOf, type Section } from './sections';

const options = { now: Date.parse('2026-11-22T12:00:00Z'), trans: nullTranslator.load('') };

const run = (id: string, change: Partial<Run> = {}): Run => ({
  id,
  project: 'penguins',
  branch: 'clean',
  timeline: 4,
  lsn: 1204,
  digest: '7c1e0b949d26f58e',
  createdAt: '2026-11-22T11:00:00Z',
  facts: { name: `run ${id}`, notebook: 'a.ipynb', cellNumber: '3', 'metric.accuracy': '0.98231' },
  ...change
});

const update: DocumentDiff = {
  collection: 'birds',
  id: 'A1',
  op: 'update',
  before: { _id: 'A1', mass: 1 },
  after: { _id: 'A1', mass: 2 },
  fields: [{ path: ['mass'], before: { type: 'double', value: 1 }, after: { type: 'double', value: 2 } }]
};

const diff = {
  from: { ref: 'main@1' },
  to: { ref: 'clean@2' },
  summary: [{ collection: 'birds', added: 1, changed: 2, deleted: 0 }],
  catalog: [{ op: 'created', collection: 'islands' }],
  documents: [update],
  count: 3
};

/** All text that sections show, in the order in which it is shown. */
function words(sections: readonly Section[]): string {
  return JSON.stringify(sections);
}

describe('the sections of an output', () => {
  it('tell what a diff tells, and how much of it is not there', () => {
    const sections = sectionsOf('diff', diff, options);
    expect(sections.map(({ kind }) => kind)).toEqual(['heading', 'table', 'note', 'documents']);
    expect(sections[0]).toMatchObject({ text: '3 documents differ', note: 'main@1 → clean@2' });
    expect(sections[3]).toMatchObject({ left: 2, documents: [update] });
    const none = { ...diff, summary: [], catalog: [], documents: [] };
    expect(sectionsOf('diff', none, options)).toMatchObject([{ text: 'No difference' }]);
  });

  it('tell how long a branch lives, as long as it does', () => {
    const branch = { name: 'exp', head: 3, headAt: '2026-11-22T11:00:00Z', ahead: 0, behind: 0 };
    const list = (expiresAt: string) => ({ branches: [{ ...branch, expiresAt }], total: 1, pins: [] });
    expect(words(sectionsOf('branches', list('2026-11-28T12:00:00Z'), options))).toContain('TTL 6 d');
    expect(words(sectionsOf('branches', list('2026-11-20T12:00:00Z'), options))).not.toContain('TTL');
  });

  it('tell runs with their data and the lineage behind them', () => {
    const sections = sectionsOf('runs', [run('a'), run('b')], options);
    expect(sections.map(({ kind }) => kind)).toEqual(['table', 'lineage']);
    expect(words(sections)).toContain('clean@1204');
    expect(words(sections)).toContain('0.982');
    expect(sectionsOf('runs', [], options)).toMatchObject([{ kind: 'heading' }]);
    const affected = [{ run: run('a'), version: 3, models: [] }];
    expect(sectionsOf('affected', affected, options)).toHaveLength(2);
  });

  it('tell whether two runs saw the same data', () => {
    const same = { same: true, runs: [run('a'), run('b')], diff: null, count: 0 };
    expect(sectionsOf('comparison', same, options)[0]).toMatchObject({ note: '= the same data' });
    const other = { same: false, runs: [run('a'), run('b')], diff, count: 3 };
    const sections = sectionsOf('comparison', other, options);
    expect(sections[0]).toMatchObject({ note: '≠ other data' });
    expect(words(sections)).toContain('3 documents differ');
  });

  it('draw a graph of a log', () => {
    const entry = (first: number, timeline: number) => ({
      firstLsn: first,
      lastLsn: first,
      timeline,
      branch: timeline === 1 ? 'main' : 'clean',
      kind: 'writes',
      inserts: 1,
      updates: 0,
      deletes: 0,
      collections: ['birds'],
      catalog: [],
      origin: { actor: 'ada' },
      firstAt: '2026-11-22T11:00:00Z',
      lastAt: '2026-11-22T11:00:00Z'
    });
    const page = {
      entries: [entry(3, 2), entry(2, 1), entry(1, 1)],
      timelines: [
        { id: 1, head: 2, branch: 'main' },
        { id: 2, parent: 1, forkLsn: 2, head: 3, branch: 'clean' }
      ],
      head: 3,
      horizon: 0,
      branches: []
    };
    const [section] = sectionsOf('graph', page, options);
    expect(section).toMatchObject({ kind: 'graph' });
    const rows = section?.kind === 'graph' ? section.graph.rows : [];
    expect(rows.filter(({ kind }) => kind === 'entry').map(({ lsn }) => lsn)).toEqual([3, 2, 1]);
    expect(words(sectionsOf('log', page, options))).toContain('1 insert');
    expect(sectionsOf('graph', { ...page, entries: [] }, options)).toMatchObject([{ kind: 'heading' }]);
  });

  it('are refused when the bundle has another shape: every kind, whatever comes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.jsonValue(), (kind, data) => {
        let sections: Section[] | undefined;
        try {
          sections = sectionsOf(kind, data, options);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        expect(sections === undefined || sections.length > 0).toBe(true);
      })
    );
    for (const kind of KINDS) {
      expect(() => sectionsOf(kind, 'text', options)).toThrow(TypeError);
      expect(() => sectionsOf(kind, [1], options)).toThrow(TypeError);
    }
  });

  it('know their MIME types', () => {
    expect(KINDS.map(kind => kindOf(mimeTypeOf(kind)))).toEqual([...KINDS]);
    expect(kindOf('application/vnd.argon.health+json')).toBeUndefined();
  });
});

describe('the lineage of a list of runs', () => {
  it('has the registered versions, else the model that was logged, and one cell for its runs', () => {
    const facts = { cellNumber: '3', model: 'forest', 'registered.penguins/4': 'champion, new' };
    const parts = partsOfRuns([run('a', { facts }), run('b'), run('c', { facts: { model: 'forest' } })]);
    expect(parts.models.map(({ name, version, aliases }) => [name, version, aliases])).toEqual([
      ['penguins', '4', ['champion', 'new']],
      ['forest', undefined, []]
    ]);
    expect(parts.data).toHaveLength(1);
    expect(parts.cells).toHaveLength(2);
    expect(parts.runs.find(({ key }) => key === 'run:c')).not.toHaveProperty('cell');
  });
});
