import type { Conflict } from '../client/protocol';
import { answerKind, byDocument, keptAnswers } from './conflicts';
import { editable, parseOwn } from './ownValue';

const conflict = (
  id: string,
  document: string,
  path: (string | number)[],
  part: Partial<Conflict> = {}
): Conflict => ({
  id,
  collection: 'penguins',
  document,
  path,
  base: { type: 'null', value: null },
  ours: { type: 'string', value: 'male' },
  theirs: { type: 'string', value: 'female' },
  ...part
});

describe('conflicts', () => {
  it('are grouped by document and counted', () => {
    const groups = byDocument([
      conflict('1', 'A009', ['sex'], { answer: { take: 'ours' } }),
      conflict('2', 'G105', ['sex']),
      conflict('3', 'A009', ['review', 'by'])
    ]);
    expect(groups.map(group => [group.document, group.conflicts.length, group.answered])).toEqual([
      ['A009', 2, 1],
      ['G105', 1, 0]
    ]);
  });

  it('keep a document with the id 1 apart from one with the id "1"', () => {
    const one = conflict('1', 'x', ['sex'], { document: { $numberInt: '1' } });
    expect(byDocument([one, conflict('2', '1', ['sex'])])).toHaveLength(2);
  });

  it('keep their answers in an updated plan, as long as the question is the same', () => {
    const old = [
      conflict('1', 'A009', ['sex'], { answer: { take: 'theirs' } }),
      conflict('2', 'G105', ['sex'], { answer: { value: 'x' } }),
      conflict('3', 'A004', [])
    ];
    const fresh = [
      conflict('10', 'A009', ['sex']),
      conflict('11', 'G105', ['sex'], { ours: { type: 'string', value: 'moved' } }),
      conflict('12', 'A004', [])
    ];
    expect(keptAnswers(old, fresh)).toEqual([{ conflict: '10', answer: { take: 'theirs' } }]);
  });

  it('name their answers', () => {
    expect(
      [{ take: 'ours' as const }, { value: null }, { missing: true }, undefined].map(answerKind)
    ).toEqual(['ours', 'own', 'own', 'open']);
  });
});

describe('own values', () => {
  it('are of the type that was chosen', () => {
    expect(parseOwn('string', ' 44 ')).toEqual({ answer: { value: ' 44 ' } });
    expect(parseOwn('int', '44')).toEqual({ answer: { value: { $numberInt: '44' } } });
    expect(parseOwn('long', '-9223372036854775808')).toEqual({
      answer: { value: { $numberLong: '-9223372036854775808' } }
    });
    expect(parseOwn('double', '44')).toEqual({ answer: { value: { $numberDouble: '44' } } });
    expect(parseOwn('bool', 'true')).toEqual({ answer: { value: true } });
    expect(parseOwn('null', 'anything')).toEqual({ answer: { value: null } });
    expect(parseOwn('missing', '')).toEqual({ answer: { missing: true } });
    expect(parseOwn('date', '2007-11-16')).toEqual({
      answer: { value: { $date: { $numberLong: '1195171200000' } } }
    });
    expect(parseOwn('json', '[1]')).toEqual({ answer: { value: [1] } });
  });

  it('are refused with the reason', () => {
    expect(parseOwn('int', '44.5')).toEqual({ trouble: 'number' });
    expect(parseOwn('int', '2147483648')).toEqual({ trouble: 'range' });
    expect(parseOwn('double', '')).toEqual({ trouble: 'number' });
    expect(parseOwn('bool', 'yes')).toEqual({ trouble: 'bool' });
    expect(parseOwn('date', 'someday')).toEqual({ trouble: 'date' });
    expect(parseOwn('json', '{')).toEqual({ trouble: 'json' });
  });

  it('start from the value that is there', () => {
    expect(editable({ type: 'int', value: { $numberInt: '7' } })).toEqual({ type: 'int', text: '7' });
    expect(editable({ type: 'object', value: { a: 1 } })).toEqual({ type: 'json', text: '{"a":1}' });
    expect(editable({ missing: true })).toEqual({ type: 'missing', text: '' });
  });
});
