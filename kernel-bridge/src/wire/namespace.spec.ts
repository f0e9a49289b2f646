import fc from 'fast-check';
import { checkWritableName, databaseName, parseDatabase } from './namespace';

describe('database names', () => {
  it.each([
    ['shop', { project: 'shop' }],
    ['shop@exp', { project: 'shop', ref: 'exp' }],
    ['shop@exp:120', { project: 'shop', ref: 'exp@120' }],
    ['shop@exp:2026-07-07T09:00:00Z', { project: 'shop', ref: 'exp@2026-07-07T09:00:00Z' }],
    ['shop@exp:-5m', { project: 'shop', ref: 'exp@-5m' }],
    ['shop~exp', { project: 'shop', ref: 'exp' }],
    ['shop~exp~120', { project: 'shop', ref: 'exp@120' }],
    ['shop~exp~2026-07-07T09:00:00Z', { project: 'shop', ref: 'exp@2026-07-07T09:00:00Z' }],
    ['shop@pin:gold', { project: 'shop', ref: 'pin:gold' }],
    ['shop~pin~gold', { project: 'shop', ref: 'pin:gold' }],
    ['shop@run:8f0c', { project: 'shop', ref: 'run:8f0c' }],
    ['shop@feature=2Fx', { project: 'shop', ref: 'feature/x' }],
    ['shop@=70in:120', { project: 'shop', ref: 'pin@120' }],
    ['shop@pin', { project: 'shop', ref: 'pin' }],
    ['shop@caf=C3=A9', { project: 'shop', ref: 'café' }]
  ])('%s means %j', (name, target) => {
    expect(parseDatabase(name)).toEqual(target);
  });

  it.each([
    '',
    'a b',
    'a.b',
    'a/b',
    'a\\b',
    'a$b',
    'a"b',
    'a\0b',
    '@x',
    'shop@',
    'shop~',
    'shop@exp:',
    'shop@:5',
    'a=Z1',
    'a='
  ])('refuses %j as an invalid namespace', name => {
    expect(() => parseDatabase(name)).toThrow(expect.objectContaining({ code: 73 }));
  });

  it('refuses a name that is too long', () => {
    expect(() => parseDatabase('x'.repeat(256))).toThrow(/at most 255 bytes, found: 256/);
  });

  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter(text => !text.includes('@'));
  const point = fc.oneof(
    fc.nat().map(String),
    fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
    fc.constantFrom('-5m', '-1h30m', '2026-07-07T09:00:00+02:00')
  );
  const ref = fc.oneof(
    name.filter(text => !/^(pin|run):/.test(text)),
    fc
      .tuple(
        name.filter(text => !/^(pin|run):/.test(text)),
        point
      )
      .map(([branch, at]) => `${branch}@${at}`),
    fc.tuple(fc.constantFrom('pin', 'run'), name).map(([kind, text]) => `${kind}:${text}`)
  );

  it('lead back to the project and ref they were made from', () => {
    fc.assert(
      fc.property(
        name,
        fc.option(ref, { nil: undefined }),
        fc.constantFrom('@' as const, '~' as const),
        (project, at, separator) => {
          const database = databaseName(project, at, separator);
          expect(parseDatabase(database)).toEqual(at === undefined ? { project } : { project, ref: at });
        }
      ),
      { numRuns: 2000 }
    );
  });

  it('hold no character that MongoDB forbids in a database name', () => {
    fc.assert(
      fc.property(name, ref, (project, at) => {
        // eslint-disable-next-line no-control-regex
        expect(databaseName(project, at)).not.toMatch(/[\u0000-\u0020/\\."$]/);
      })
    );
  });
});

describe('collection names', () => {
  it.each([
    ['a$b', 'Invalid collection name: a$b'],
    ['', "Invalid namespace specified 'shop.'"],
    ['.x', "Collection names cannot start with '.': .x"],
    ['system.x', 'Invalid system namespace: shop.system.x']
  ])('refuse %j as mongod does', (collection, message) => {
    expect(() => checkWritableName('shop', collection)).toThrow(
      expect.objectContaining({ code: 73, message })
    );
  });

  it('refuse a namespace of more than 255 bytes', () => {
    expect(() => checkWritableName('shop', 'x'.repeat(251))).toThrow(/too long/);
    expect(() => checkWritableName('shop', 'x'.repeat(250))).not.toThrow();
  });
});
