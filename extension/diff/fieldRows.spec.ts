import type { DocumentDiff } from '../client/protocol';
import { fieldTable } from './fieldRows';

const before = {
  _id: 'G027',
  species: 'Gentoo',
  bill_length_mm: '44.5',
  sex: null,
  review: { status: 'open', by: null },
  tags: ['no-blood-sample']
};
const after = {
  _id: 'G027',
  species: 'Gentoo',
  bill_length_mm: { $numberDouble: '44.5' },
  sex: 'female',
  review: { status: 'imputed', by: 'knn-5' },
  tags: ['no-blood-sample', 'sex-imputed'],
  imputed: { field: 'sex', neighbours: ['G031', 'G044'] }
};
const value = (type: string, content: unknown) => ({ type, value: content });
const diff: DocumentDiff = {
  collection: 'penguins',
  id: 'G027',
  op: 'update',
  before,
  after,
  fields: [
    {
      path: ['bill_length_mm'],
      before: value('string', '44.5'),
      after: value('double', { $numberDouble: '44.5' })
    },
    { path: ['sex'], before: value('null', null), after: value('string', 'female') },
    { path: ['review', 'status'], before: value('string', 'open'), after: value('string', 'imputed') },
    { path: ['review', 'by'], before: value('null', null), after: value('string', 'knn-5') },
    { path: ['tags', 1], before: { missing: true }, after: value('string', 'sex-imputed') },
    { path: ['imputed'], before: { missing: true }, after: value('object', after.imputed) }
  ]
};

describe('fieldTable', () => {
  it('shows every changed leaf under its containers, in the order of the document', () => {
    const { rows } = fieldTable(diff, false);
    expect(rows.map(row => `${'  '.repeat(row.depth)}${row.kind} ${row.text}`)).toEqual([
      'update bill_length_mm',
      'update sex',
      'same review',
      '  update review.status',
      '  update review.by',
      'same tags',
      '  insert tags[1]',
      'insert imputed',
      '  insert imputed.field',
      '  insert imputed.neighbours',
      '    insert imputed.neighbours[0]',
      '    insert imputed.neighbours[1]'
    ]);
  });

  it('says where the type changed, and only there', () => {
    const { rows } = fieldTable(diff, false);
    expect(rows.filter(row => row.isTypeChanged).map(row => row.text)).toEqual(['bill_length_mm']);
  });

  it('names what is the same, and counts', () => {
    const table = fieldTable(diff, false);
    expect(table.unchanged).toEqual(['_id', 'species', 'tags[0]']);
    expect(table.changed).toBe(6);
    expect(table.total).toBe(9);
    expect(fieldTable(diff, true).rows.map(row => row.text)).toContain('tags[0]');
  });

  it('opens a document that was added or deleted whole', () => {
    const added: DocumentDiff = {
      collection: 'sources',
      id: 'x',
      op: 'insert',
      fields: [],
      after: { _id: 'x', rule: 'a' }
    };
    expect(fieldTable(added, false).rows.map(row => `${row.kind} ${row.text}`)).toEqual([
      'insert _id',
      'insert rule'
    ]);
    const deleted: DocumentDiff = { ...added, op: 'delete', before: added.after };
    delete deleted.after;
    expect(fieldTable(deleted, false).rows.map(row => row.kind)).toEqual(['delete', 'delete']);
  });

  it('stands a document of which only the changed fields are known', () => {
    const { before: _before, after: _after, ...bare } = diff;
    const table = fieldTable(bare, false);
    expect(table.total).toBeUndefined();
    expect(table.rows.map(row => row.text)).toContain('review.status');
  });
});
