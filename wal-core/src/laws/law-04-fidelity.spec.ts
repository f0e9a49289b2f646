import {
  Binary,
  BSONRegExp,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp
} from 'bson';
import fc from 'fast-check';
import { compareValues, docKeyOf, documentOf, documentOfElements, field, type RawValue } from '../bson';
import { anyDocument, anyValue, double, string } from '../bson/testing';
import { allowSeconds, random, runs } from './chance';
import { ADA, dumpOf, scanAll, SHOP, World } from './world';

allowSeconds(120);

/** Bytes that no decoder must touch: `_id`, then whatever there may be, another `_id` and repeated names included. */
const anyStored = fc.tuple(anyValue, anyDocument, fc.nat(3)).map(([id, rest, long]) =>
  documentOfElements([
    element('_id', id),
    rest.subarray(4, rest.length - 1),
    // Some are too long for the state and stay in the log.
    long === 0 ? element('long', string('x'.repeat(1500))) : Buffer.alloc(0)
  ])
);

function element(name: string, value: RawValue): Buffer {
  return documentOf([{ name, ...value }]).subarray(4, -1);
}

describe('law 4: fidelity', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(() => world.close());

  async function insert(documents: readonly Buffer[], collection: string): Promise<void> {
    await world.engine.write(SHOP, 'main', ADA, writer => {
      const target = writer.ensureCollection(collection);
      for (const bytes of documents) {
        writer.insert(target, bytes);
      }
    });
  }

  it(random('any bytes come back byte for byte, in key order, whatever their _id'), async () => {
    let serial = 0;
    const written = new Map<string, Map<string, string>>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyStored, { minLength: 1, maxLength: 12 }), async documents => {
        const collection = `c${serial++}`;
        const byKey = new Map<string, Buffer>();
        for (const bytes of documents) {
          const key = docKeyOf(bytes).toString('hex');
          const other = byKey.get(key);
          if (other !== undefined) {
            // One key means one value: equal, though perhaps of another number type.
            expect(compareValues(field(bytes, '_id')!, field(other, '_id')!)).toBe(0);
            const twice = `${collection}-${serial++}`;
            await insert([other], twice);
            await expect(insert([bytes], twice)).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
          } else {
            byKey.set(key, Buffer.from(bytes));
          }
        }
        const kept = [...byKey.values()];
        await insert(kept, collection);
        const view = world.view('main');
        const info = view.collection(collection)!;
        for (const bytes of kept) {
          expect(view.get(info, docKeyOf(bytes))?.toString('hex')).toBe(bytes.toString('hex'));
        }
        const scanned = await scanAll(view, info);
        expect(new Map(scanned.map(([key, bytes]) => [key, bytes.toString('hex')]))).toEqual(
          new Map([...byKey].map(([key, bytes]) => [key, bytes.toString('hex')]))
        );
        // The order of keys is the order of values.
        for (let i = 1; i < scanned.length; i++) {
          const [a, b] = [scanned[i - 1]![1], scanned[i]![1]];
          expect(compareValues(field(a, '_id')!, field(b, '_id')!)).toBeLessThan(0);
        }
        written.set(collection, new Map(scanned.map(([key, bytes]) => [key, bytes.toString('hex')])));
      }),
      runs(60)
    );
    await world.engine.createBranch(SHOP, 'child', ADA);
    await world.reopen();
    for (const ref of ['main', 'child']) {
      const dump = await dumpOf(world.view(ref));
      for (const [collection, documents] of written) {
        for (const [key, hex] of documents) {
          expect(dump.get(`${collection}/${key}`)).toBe(hex);
        }
      }
    }
  });

  it('values that look alike are different keys', async () => {
    const id = new ObjectId('65a000000000000000000001');
    const different: unknown[] = [
      1,
      '1',
      [1],
      { a: 1 },
      { a: '1' },
      { b: 1 },
      { a: 1, b: 1 },
      { b: 1, a: 1 },
      { a: { b: 1 } },
      id,
      id.toHexString(),
      new Binary(id.id, 0),
      new Binary(id.id, 5),
      new Date(1),
      new Timestamp(1n),
      true,
      false,
      null,
      '',
      new Code('1'),
      new BSONRegExp('1', ''),
      new BSONRegExp('1', 'i'),
      new MinKey(),
      new MaxKey(),
      new DBRef('a', id),
      0,
      1.5,
      Double.prototype.valueOf.call(new Double(NaN)),
      Infinity,
      -Infinity,
      Number.MIN_VALUE,
      Long.MAX_VALUE,
      9_007_199_254_740_993n,
      9_007_199_254_740_992,
      Decimal128.fromString('0.1'),
      0.1,
      'x'.repeat(2000),
      `${'x'.repeat(1999)}y`,
      { long: 'x'.repeat(2000) },
      new Binary(Buffer.alloc(3000, 1)),
      new Binary(Buffer.alloc(3000, 2))
    ];
    await insert(
      different.map((_id, n) => Buffer.from(serialize({ _id, n }))),
      'ids'
    );
    const view = world.view('main');
    const ids = view.collection('ids')!;
    expect(await view.count(ids)).toBe(different.length);
    for (const [n, _id] of different.entries()) {
      expect(view.get(ids, docKeyOf(Buffer.from(serialize({ _id }))))).toEqual(
        Buffer.from(serialize({ _id, n }))
      );
    }
  });

  it('numbers that are equal are one key, and the first spelling stays', async () => {
    const spellings = [
      new Int32(1),
      new Double(1),
      Long.ONE,
      Decimal128.fromString('1'),
      Decimal128.fromString('1.00')
    ];
    for (const [n, first] of spellings.entries()) {
      const collection = `n${n}`;
      const bytes = Buffer.from(serialize({ _id: first, n }));
      await insert([bytes], collection);
      for (const _id of spellings) {
        await expect(insert([Buffer.from(serialize({ _id }))], collection)).rejects.toMatchObject({
          code: 'DUPLICATE_KEY'
        });
      }
      const view = world.view('main');
      expect(view.get(view.collection(collection)!, docKeyOf(Buffer.from(serialize({ _id: 1 }))))).toEqual(
        bytes
      );
    }
  });

  it('NaN payloads, minus zero, field order and repeated names stay', async () => {
    const nan = (bits: bigint): RawValue => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(bits);
      return { type: 1, bytes };
    };
    const values = [
      nan(0x7ff8000000000000n),
      nan(0xfff8000000000000n),
      nan(0x7ff8000000000001n),
      nan(0x7ff0000000000001n),
      double(-0),
      double(0)
    ];
    const documents = values.flatMap((value, i) => [
      documentOf([
        { name: '_id', ...double(i) },
        { name: 'b', ...value },
        { name: 'a', ...value },
        { name: 'b', ...value },
        { name: '_id', ...double(i + 100) }
      ])
    ]);
    await insert(documents, 'odd');
    await world.reopen();
    const view = world.view('main');
    expect((await scanAll(view, view.collection('odd')!)).map(([, bytes]) => bytes)).toEqual(documents);
  });

  it('documents up to the limit are kept, larger ones are refused with limit and value', async () => {
    const sized = (bytes: number) => Buffer.from(serialize({ _id: bytes, fill: Buffer.alloc(bytes - 25) }));
    const largest = sized(16 * 1024 * 1024);
    expect(largest.length).toBe(16 * 1024 * 1024);
    await insert([largest], 'big');
    await expect(insert([sized(16 * 1024 * 1024 + 1)], 'big')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      data: { limit: 16_777_216, value: 16_777_217 }
    });
    await world.reopen();
    const view = world.view('main');
    expect(view.get(view.collection('big')!, docKeyOf(largest))!.equals(largest)).toBe(true);
    expect(await view.count(view.collection('big')!)).toBe(1);
  });
});
