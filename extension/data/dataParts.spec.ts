import fc from 'fast-check';
import { bytes } from '../format/bytes';
import { suggest } from './completion';
import { fieldsOf, usualColumns, valueAt } from './fields';
import { Pages, PAGES_KEPT } from './pages';
import { pythonCell } from './pythonCell';

const documents = [
  {
    _id: 1,
    species: 'Adelie',
    survey: { date: { $date: { $numberLong: '0' } }, by: 'ann' },
    tags: ['a', 'b']
  },
  {
    _id: { $oid: 'aa' },
    species: null,
    measures: [{ mm: { $numberInt: '3' } }, { mm: { $numberDouble: '4' } }]
  }
];

describe('fields of a sample', () => {
  const fields = fieldsOf(documents);

  it('are paths as a query names them, with types and how many have them', () => {
    expect(fields.map(({ path, types, count }) => `${path} ${types.join('|')} ${count}`)).toEqual([
      '_id double|objectId 2',
      'species string|null 2',
      'survey object 1',
      'survey.date date 1',
      'survey.by string 1',
      'tags array 1',
      'measures array 1',
      'measures.mm int|double 1'
    ]);
    expect(usualColumns(fields, 3)).toEqual(['_id', 'species', 'survey']);
  });

  it('lead to the values, through arrays to all of them', () => {
    expect(valueAt(documents[0], 'survey.by')).toBe('ann');
    expect(valueAt(documents[0], 'tags.1')).toBe('b');
    expect(valueAt(documents[1], 'measures.mm')).toEqual([{ $numberInt: '3' }, { $numberDouble: '4' }]);
    expect(valueAt(documents[1], 'survey.by')).toBeUndefined();
    expect(valueAt({ 'a.b': 1 }, 'a.b')).toBe(1);
    expect(valueAt(documents[0], 'toString')).toBeUndefined();
    // A date is a value, not an object with a field.
    expect(valueAt(documents[0], 'survey.date.$date')).toBeUndefined();
  });

  it('are found in any document without a stall or a throw', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 8 }), { maxLength: 5 }), values => {
        for (const { path } of fieldsOf(values)) {
          values.forEach(value => valueAt(value, path));
        }
      })
    );
  });
});

describe('completion', () => {
  const fields = fieldsOf(documents);
  const labels = (text: string) =>
    suggest(text.replace('|', ''), text.indexOf('|'), fields).items.map(item => item.label);

  it('names fields where a field stands, those that begin so first', () => {
    expect(labels('{ s|')).toEqual([
      'species',
      'survey',
      'survey.date',
      'survey.by',
      'tags',
      'measures',
      'measures.mm'
    ]);
    expect(labels('{ species: "x", mea|')).toEqual(['measures', 'measures.mm']);
    expect(labels('{ $or: [{ spec|')).toEqual(['species']);
    expect(labels('{ measures: { $elemMatch: { measures.m|')).toEqual(['measures.mm']);
  });

  it('names operators where an operator stands', () => {
    expect(labels('{ species: { $g|')).toEqual(['$gt', '$gte']);
    expect(labels('{ $a|')).toEqual(['$and']);
    expect(labels('{ species: { $not: { $r|')).toEqual(['$regex']);
  });

  it('says nothing inside a text, outside an object, and of a word that is whole', () => {
    expect(labels('{ species: "spec|')).toEqual([]);
    expect(labels('spec|')).toEqual([]);
    expect(labels('{ species|')).toEqual([]);
    expect(labels('{ species: nu|')).toEqual(['null', 'NumberInt(…)', 'NumberLong(…)', 'NumberDecimal(…)']);
  });

  it('puts quotes around a path with a dot, and replaces what was typed', () => {
    const text = '{ survey.d';
    const { from, items } = suggest(text, text.length, fields);
    expect(text.slice(0, from) + items[0]!.insert).toBe('{ "survey.date": ');
    const quoted = `{ 'survey.d`;
    const inside = suggest(quoted, quoted.length, fields);
    expect(quoted.slice(0, inside.from) + inside.items[0]!.insert).toBe(`{ 'survey.date': `);
  });
});

describe('pages', () => {
  it('show every row at its place, whatever was let go meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat({ max: 100 }), { maxLength: 20 }),
        async (sizes, looks) => {
          const starts = sizes.map((_, at) => sizes.slice(0, at).reduce((sum, n) => sum + n, 0));
          const total = sizes.reduce((sum, n) => sum + n, 0);
          let reads = 0;
          const pages = new Pages<number>(
            after => {
              reads++;
              const at = after === undefined ? 0 : Number(after);
              return Promise.resolve({
                rows: Array.from({ length: sizes[at]! }, (_, n) => starts[at]! + n),
                next: at + 1 < sizes.length ? String(at + 1) : undefined
              });
            },
            () => undefined
          );
          while (!pages.isWhole) {
            await pages.more();
          }
          expect(pages.length).toBe(total);
          expect(reads).toBe(sizes.length);
          for (const look of looks.map(n => n % Math.max(1, total)).filter(() => total > 0)) {
            while (pages.at(look) === undefined) {
              await Promise.resolve();
            }
            expect(pages.at(look)).toBe(look);
          }
          const held = [...pages.held()].length;
          const largest = [...sizes].sort((a, b) => b - a).slice(0, PAGES_KEPT);
          expect(held).toBeLessThanOrEqual(largest.reduce((sum, n) => sum + n, 0));
          expect(pages.at(total)).toBeUndefined();
        }
      )
    );
  });

  it('tell what went wrong, and go on when asked again', async () => {
    const told: unknown[] = [];
    let fails = true;
    const pages = new Pages<string>(
      () => (fails ? Promise.reject(new Error('gone')) : Promise.resolve({ rows: ['a'], next: undefined })),
      error => told.push(error)
    );
    await pages.more();
    expect([pages.length, pages.isReading, String(told[0])]).toEqual([0, false, 'Error: gone']);
    fails = false;
    await pages.more();
    expect([pages.at(0), told[1]]).toEqual(['a', undefined]);
  });
});

describe('a cell', () => {
  const base = {
    project: 'shop',
    ref: 'main@1600',
    collection: 'users',
    filter: {},
    sort: [],
    columns: undefined
  };

  it('reads the state as it is shown', () => {
    expect(pythonCell(base)).toBe('import argon\n\ndf = argon.read("main@1600", "users").to_pandas()\ndf');
    expect(
      pythonCell({
        ...base,
        filter: { plan: 'pro', n: { $gte: 3, $ne: null } },
        columns: ['_id', 'a', 'a.b']
      })
    ).toBe(
      'import argon\n\ndf = argon.read("main@1600", "users", {"plan": "pro", "n": {"$gte": 3, "$ne": None}}, projection={"a": 1, "_id": 1}).to_pandas()\ndf'.replace(
        '{"a": 1, "_id": 1}',
        '{"_id": 1, "a": 1}'
      )
    );
  });

  it('sorts with a cursor, and imports what its values need', () => {
    const cell = pythonCell({
      ...base,
      filter: {
        _id: { $oid: 'aa' },
        at: { $date: { $numberLong: '0' } },
        n: { $numberLong: '5' },
        x: { $numberDouble: '2' }
      },
      sort: [['n', -1]]
    });
    expect(cell).toBe(
      [
        'from bson import Int64',
        'from bson import ObjectId',
        'from bson import json_util',
        'import argon',
        'import pandas as pd',
        '',
        'cursor = argon.db("main@1600")["users"].find({"_id": ObjectId("aa"), "at": json_util.loads("{\\"$date\\":{\\"$numberLong\\":\\"0\\"}}"), "n": Int64(5), "x": 2.0}).sort([("n", -1)])',
        'df = pd.DataFrame(list(cursor))',
        'df'
      ].join('\n')
    );
  });

  it('keeps hostile names inside their strings', () => {
    const hostile = '"); import os; os.system("x\n#\u2028\u202e';
    const cell = pythonCell({ ...base, collection: hostile, filter: { [hostile]: hostile } });
    expect(cell.split('\n')).toHaveLength(4);
    expect(cell).not.toMatch(/[\u2028\u202e]/);
    expect(cell).toContain('"\\"); import os; os.system(\\"x\\n#\\u2028\\u202e"');
  });
});

describe('sizes', () => {
  it('have three figures at most', () => {
    expect([0, 999, 1000, 9_949, 9_951, 999_499, 999_500, 1.25e9].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '9.9 kB',
      '10 kB',
      '999 kB',
      '1.0 MB',
      '1.3 GB'
    ]);
  });
});
