import { nullTranslator } from '@jupyterlab/translation';
import type { Entry } from '../client/protocol';
import { count, lsnRange, metricValue, plainRange } from './count';
import { baseName, shortenMiddle } from './shorten';
import { bytes } from './bytes';
import { setLanguage } from './locale';
import { age, clock, fullTime, moment, remaining } from './time';
import { gist, idText, inline, pathText, sizeOf, typeOf } from './value';
import { note, title } from './words';

const trans = nullTranslator.load('jupyterlab_argon');
const now = Date.parse('2026-11-21T14:36:07.000Z');

function entry(part: Partial<Entry>): Entry {
  return {
    firstLsn: 1,
    lastLsn: 1,
    timeline: 1,
    kind: 'writes',
    inserts: 0,
    updates: 0,
    deletes: 0,
    collections: [],
    catalog: [],
    origin: { actor: 'ada' },
    firstAt: '2026-11-21T14:32:07.000Z',
    lastAt: '2026-11-21T14:32:07.000Z',
    ...part
  };
}

describe('numbers', () => {
  it('gives counts separators and leaves them out of what one copies', () => {
    expect(count(1204)).toBe('1,204');
    expect(lsnRange(1202, 1204)).toBe('1,202–1,204');
    expect(plainRange(1202, 1204)).toBe('1202–1204');
    expect(plainRange(7, 7)).toBe('7');
  });

  it('shows three digits of a metric and leaves other text alone', () => {
    expect(metricValue('0.98245614')).toBe('0.982');
    expect(metricValue('1500')).toBe('1500');
    expect(metricValue('n/a')).toBe('n/a');
    expect(metricValue('')).toBe('');
  });
});

describe('times', () => {
  const at = (ms: number) => new Date(now - ms).toISOString();

  it('counts minutes, hours and days, then names the date', () => {
    expect(age(at(5_000), now, trans)).toBe('now');
    expect(age(at(4 * 60_000), now, trans)).toBe('4 min');
    expect(age(at(2 * 3_600_000), now, trans)).toBe('2 h');
    expect(age(at(7 * 86_400_000), now, trans)).toBe('7 d');
    expect(age(at(9 * 86_400_000), now, trans)).toBe('Nov 12');
  });

  it('says what is left of a TTL', () => {
    expect(remaining(new Date(now + 6 * 86_400_000).toISOString(), now, trans)).toBe('6 d');
    expect(remaining(new Date(now - 1000).toISOString(), now, trans)).toBe('0 min');
  });
});

describe('numbers and dates in another language', () => {
  afterEach(() => setLanguage('en'));
  const at = '2026-03-12T14:32:07.000';

  it('follow the language of the page, and what one copies stays', () => {
    setLanguage('de-DE');
    expect(count(1204)).toBe('1.204');
    expect(lsnRange(1202, 1204)).toBe('1.202–1.204');
    expect(plainRange(1202, 1204)).toBe('1202–1204');
    expect(metricValue('0.98245614')).toBe('0,982');
    expect(bytes(1234)).toBe('1,2 kB');
    expect(age(at, now, trans)).toMatch(/^12\. März$/);
    expect(moment('2025-03-12T14:32:07.000', now, trans)).toMatch(/^12\. März 2025, 14:32:07$/);
    expect(fullTime(at)).toMatch(/^Donnerstag, 12\. März 2026 um 14:32:07 /);
  });

  it('take the name that JupyterLab has for a language', () => {
    setLanguage('de_DE');
    expect(count(1204)).toBe('1.204');
    setLanguage('fr-FR');
    expect(metricValue('0.5')).toBe('0,5');
  });

  it('are English where nobody knows the language', () => {
    for (const tag of ['', 'no such', 'en', 'en-GB']) {
      setLanguage(tag);
      expect([count(1204), clock(at), age(at, now, trans)]).toEqual(['1,204', '14:32', 'Mar 12']);
    }
  });
});

describe('names', () => {
  it('shortens in the middle', () => {
    expect(shortenMiddle('exp/scale-features', 20)).toBe('exp/scale-features');
    expect(shortenMiddle('archive/scale-2026-09-first-try', 13)).toBe('archiv…st-try');
    expect(baseName('a/b/02-clean.ipynb')).toBe('02-clean.ipynb');
  });
});

describe('values', () => {
  it('names BSON types', () => {
    expect([null, true, 'x', [], {}, { $numberInt: '1' }, { $oid: 'a' }].map(typeOf)).toEqual([
      'null',
      'bool',
      'string',
      'array',
      'object',
      'int',
      'objectId'
    ]);
  });

  it('writes them on one line', () => {
    expect(inline({ a: { $numberInt: '1' }, b: ['x', null], c: {} })).toBe('{ a: 1, b: ["x", null], c: {} }');
    expect(inline({ $date: { $numberLong: '1195171200000' } })).toBe('2007-11-16');
    expect(inline({ $date: { $numberLong: '9999999999999999' } })).toBe('Date(9999999999999999)');
    expect(inline('x'.repeat(500), 10)).toHaveLength(10);
  });

  it('keeps hostile text as text', () => {
    expect(inline('<img src=x onerror=alert(1)>')).toBe('"<img src=x onerror=alert(1)>"');
    expect(pathText(['a.b', 'c', 0])).toBe('"a.b".c[0]');
  });

  it('reads ids and sizes', () => {
    expect(idText({ $oid: '507f1f77bcf86cd799439011' })).toBe('507f1f77bcf86cd799439011');
    expect(idText({ $numberInt: '7' })).toBe('7');
    expect(sizeOf({ $numberInt: '7' })).toBeUndefined();
    expect(sizeOf({ a: 1, b: 2 })).toBe(2);
    expect(gist({ _id: 'A004', species: 'Adelie', mass: 1, island: 'Torgersen', sex: 'x' })).toBe(
      'Adelie, Torgersen'
    );
  });
});

describe('words', () => {
  it('says what an entry did and where it came from', () => {
    const cell = entry({ deletes: 2, inserts: 1, origin: { actor: 'ada', cellNumber: 4 } });
    expect(title(cell, trans)).toBe('2 deletes, 1 insert');
    expect(note(cell, 'ada', trans)).toBe('cell [4]');
    const lin = entry({ updates: 3, origin: { actor: 'lin' } });
    expect(note(lin, 'ada', trans)).toBe('lin');
    const load = entry({ inserts: 344, collections: ['penguins'] });
    expect(`${title(load, trans)} · ${note(load, 'ada', trans)}`).toBe('344 inserts · penguins');
  });

  it('names catalog changes, merges and undos', () => {
    expect(
      title(
        entry({ kind: 'catalog', inserts: 3, catalog: [{ op: 'created', collection: 'scalers' }] }),
        trans
      )
    ).toBe('scalers created, 3 inserts');
    const merge = { source: 'relabel-gentoo', sourceTimeline: 3, sourceLsn: 947 };
    expect(title(entry({ kind: 'merge', updates: 2, merge }), trans)).toBe('Merge relabel-gentoo');
    expect(note(entry({ kind: 'merge', updates: 2, merge }), 'ada', trans)).toBe('2 updates');
    const undo = { what: 'cell [7]', firstLsn: 698, lastLsn: 821 };
    expect(title(entry({ kind: 'undo', updates: 124, undo }), trans)).toBe('Undo cell [7]');
    const one = { what: 'LSN 7..7', firstLsn: 7, lastLsn: 7 };
    expect(title(entry({ kind: 'undo', updates: 1, undo: one }), trans)).toBe('Undo LSN 7');
  });
});
