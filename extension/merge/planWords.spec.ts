import { nullTranslator } from '@jupyterlab/translation';
import type { Plan } from '../client/protocol';
import { splitRef } from '../model/refs';
import { planWords } from './planWords';

const trans = nullTranslator.load('jupyterlab-argon');
const words = (kind: Plan['kind'], source: string) =>
  planWords({ kind, source, into: 'main', intoLsn: 1893 }, trans);
/** What the bar reads. */
const bar = (kind: Plan['kind'], source: string) => {
  const { verb, first, word, second } = words(kind, source);
  return [verb, first, word, second].join(' ');
};

describe('a plan', () => {
  it('is called what it does', () => {
    expect(bar('merge', 'clean-nulls@1204')).toBe('Merge clean-nulls@1204 into main@1893');
    expect(bar('undo', 'cell [3]: 7..7')).toBe('Undo cell [3], LSN 7 on main@1893');
    expect(bar('pick', 'fix, LSN 12..14: 12..14')).toBe('Pick fix, LSN 12–14 into main@1893');
    expect(bar('restore', 'main@353')).toBe('Restore main@1893 to main@353');
  });

  it('names its tab by the branch, and a past of it by its LSN', () => {
    expect(words('merge', 'clean-nulls@1204').label).toBe('Merge clean-nulls → main');
    expect(words('restore', 'main@1353').label).toBe('Restore main to LSN 1,353');
    expect(words('restore', 'clean-nulls@1204').label).toBe('Restore main to clean-nulls@1204');
  });

  it('says the LSNs of what it takes back once', () => {
    expect(words('undo', 'LSN 7..7: 7..7').label).toBe('Undo LSN 7 on main');
    expect(words('undo', 'LSN 1..9: 7..8').label).toBe('Undo LSN 7–8 on main');
    expect(words('undo', 'actor x: y, LSN 1..9: 7..8').label).toBe('Undo actor x: y, LSN 7–8 on main');
  });

  it('never calls anything a merge that is none', () => {
    for (const kind of ['undo', 'pick', 'restore'] as const) {
      expect(Object.values(words(kind, 'main@353')).join(' ')).not.toMatch(/merge/i);
    }
  });
});

describe('a ref', () => {
  it('is split at its last @, as a branch may have one in its name', () => {
    expect(splitRef('a@b@12')).toEqual(['a@b', '12']);
    expect(splitRef('main')).toEqual(['main', '']);
  });
});
