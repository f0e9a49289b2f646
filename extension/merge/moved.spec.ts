import type { Change, Conflict } from '../client/protocol';
import { byDocument } from './conflicts';
import { movedBy, touched } from './moved';

const change = (lsn: number, id: string, actor = 'lin'): Change => ({
  lsn,
  timeline: 1,
  collection: 'penguins',
  id,
  op: 'update',
  time: '2026-11-22T12:00:00Z',
  origin: { actor },
  fields: []
});
const conflict = (document: string): Conflict => {
  const value = { type: 'null', value: null };
  return {
    id: document,
    collection: 'penguins',
    document,
    path: [],
    base: value,
    ours: value,
    theirs: value
  };
};

describe('what moved a head', () => {
  it('names each document once, and the last change', () => {
    const moved = movedBy([change(1, 'C012'), change(2, 'A009'), change(3, 'C012')], false)!;
    expect(moved.documents.map(({ id }) => id)).toEqual(['C012', 'A009']);
    expect(moved).toMatchObject({ isOne: true, isMore: false, last: { lsn: 3 } });
    expect(movedBy([], false)).toBeUndefined();
  });

  it('is not said of one person when others were there, or may have been', () => {
    expect(movedBy([change(1, 'C012'), change(2, 'C012', 'ada')], false)!.isOne).toBe(false);
    expect(movedBy([change(1, 'C012')], true)!.isOne).toBe(false);
  });

  it('touches a conflict when its document is among them, and nobody knows while some are unread', () => {
    const groups = byDocument([conflict('A009'), conflict('G105')]);
    expect(touched(movedBy([change(1, 'C012')], false)!, groups)).toBe(0);
    expect(touched(movedBy([change(1, 'C012'), change(2, 'G105')], false)!, groups)).toBe(1);
    expect(touched(movedBy([change(1, 'C012')], true)!, groups)).toBeUndefined();
  });
});
