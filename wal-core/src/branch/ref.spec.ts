import fc from 'fast-check';
import { checkBranchName, checkCollectionName, checkProjectName } from './names';
import { nearest } from './nearest';
import { parseRef } from './ref';

const NOW = Date.UTC(2026, 6, 7, 12, 0, 0);
const parse = (text: string) => parseRef(text, NOW);
const invalid = expect.objectContaining({ code: 'REF_INVALID' });

describe('a ref', () => {
  it('is a branch, an LSN, a time, a pin or a run', () => {
    expect(parse('main')).toEqual({ kind: 'branch', branch: 'main' });
    expect(parse('feature/a b')).toEqual({ kind: 'branch', branch: 'feature/a b' });
    expect(parse('main@120')).toEqual({ kind: 'lsn', branch: 'main', lsn: 120 });
    expect(parse('main@0')).toEqual({ kind: 'lsn', branch: 'main', lsn: 0 });
    expect(parse('pin:paper')).toEqual({ kind: 'pin', name: 'paper' });
    expect(parse('run:abc:1')).toEqual({ kind: 'run', id: 'abc:1' });
  });

  it.each([
    ['main@2026-07-07T09:00:00Z', Date.UTC(2026, 6, 7, 9)],
    ['main@2026-07-07T09:00:00.250Z', Date.UTC(2026, 6, 7, 9, 0, 0, 250)],
    ['main@2026-07-07T09:00:00+02:00', Date.UTC(2026, 6, 7, 7)],
    ['main@2026-07-07T09:00', Date.UTC(2026, 6, 7, 9)],
    ['main@2026-07-07 09:00:00', Date.UTC(2026, 6, 7, 9)],
    ['main@2026-07-07', Date.UTC(2026, 6, 7)],
    ['main@-5m', NOW - 300_000],
    ['main@-0s', NOW],
    ['main@-1.5h', NOW - 5_400_000],
    ['main@-250ms', NOW - 250],
    ['main@-2d', NOW - 172_800_000],
    ['main@-1w', NOW - 604_800_000]
  ])('%s is a time', (text, atMs) => {
    expect(parse(text)).toEqual({ kind: 'time', branch: 'main', atMs });
  });

  it.each([
    '',
    '@1',
    'main@',
    'main@x',
    'main@1.5',
    'main@+5m',
    'main@-5',
    'main@-5y',
    'main@2026-13-40',
    'main@2026-02-30',
    'main@2026-02-30T00:00:00Z',
    'a:b',
    'pin:',
    'a~b',
    'main@99999999999999999999'
  ])('%j is none', text => {
    expect(() => parse(text)).toThrow(invalid);
  });

  it('is never anything else than parsed or refused, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(text => `main@${text}`)
        ),
        text => {
          try {
            expect(parse(text).kind).toMatch(/^(branch|lsn|time|pin|run)$/);
          } catch (error) {
            expect(error).toMatchObject({ code: 'REF_INVALID' });
          }
        }
      )
    );
  });
});

describe('names', () => {
  const refused = (check: () => void) =>
    expect(check).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));

  it('of projects are names of MongoDB databases without the signs of refs', () => {
    for (const name of ['shop', 'a-b_c', 'ü', 'x'.repeat(63)]) {
      checkProjectName(name);
    }
    for (const name of [
      '',
      'a b',
      'a.b',
      'a/b',
      'a@b',
      'a:b',
      'a~b',
      'a$b',
      'a\0',
      'admin',
      'local',
      'config',
      'x'.repeat(64)
    ]) {
      refused(() => checkProjectName(name));
    }
  });

  it('of branches may be anything a ref can hold', () => {
    for (const name of ['exp-1', 'backup/main-7', 'a b', 'ünï', '1']) {
      checkBranchName(name);
    }
    for (const name of ['', '-a', ' a', 'a ', 'a@b', 'a:b', 'a~b', 'a\nb', '\ud800', 'x'.repeat(201)]) {
      refused(() => checkBranchName(name));
    }
  });

  it('of branches are refs, each of itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), name => {
        try {
          checkBranchName(name);
        } catch {
          return;
        }
        expect(parse(name)).toEqual({ kind: 'branch', branch: name });
        expect(parse(`${name}@7`)).toEqual({ kind: 'lsn', branch: name, lsn: 7 });
      })
    );
  });

  it('of collections follow MongoDB', () => {
    for (const name of ['items', 'a.b', 'a b', 'ü', 'system']) {
      checkCollectionName(name);
    }
    for (const name of ['', '.a', 'a.', 'a$b', 'a\0b', 'system.x', '(catalog)', 'x'.repeat(256)]) {
      refused(() => checkCollectionName(name));
    }
  });

  it('that are nearly right are offered', () => {
    expect(nearest('mainn', ['main', 'exp'])).toBe('main');
    expect(nearest('experiment', ['main', 'experiments'])).toBe('experiments');
    expect(nearest('x', ['main', 'exp'])).toBeUndefined();
  });
});
