import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { EntryPack, type PackedEntries, TWINS_MAX } from './entrypack';
import { EntryRuns } from './entryruns';

const PREFIX = Buffer.from('prefix');
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'argon-entries-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Entry {
  readonly key: Buffer;
  readonly doc: Buffer;
}

interface Sorted {
  readonly rows: string[];
  readonly twins: string[];
  readonly isOneOrder: boolean;
  /** Packs that were full before all entries had come. */
  readonly early: number;
}

function sorted(entries: readonly Entry[], bytesMax: number, isUnique = true): Sorted {
  const pack = new EntryPack(PREFIX, isUnique);
  const runs = new EntryRuns(pack, bytesMax, directory);
  const rows: string[] = [];
  let early = 0;
  const take = () => {
    for (let full = pack.take(); full !== undefined; full = pack.take()) {
      rows.push(...rowsOf(full));
      early++;
    }
  };
  try {
    for (const { key, doc } of entries) {
      const source = Buffer.concat([Buffer.from('x'), doc, Buffer.from('y')]);
      runs.add(key, source, 1, source.length - 1);
      take();
    }
    const before = early;
    for (const _ of runs.finish()) {
      take();
    }
    pack.end();
    take();
    const twins = pack.twins.map(twin => Buffer.from(twin).toString('hex'));
    return { rows, twins, isOneOrder: runs.isOneOrder, early: before };
  } finally {
    runs.close();
  }
}

function rowsOf({ bytes, ends, keyLengths }: PackedEntries): string[] {
  let start = 0;
  return Array.from(ends, (end, i) => {
    const row = Buffer.from(bytes, start, end - start);
    start = end;
    expect(row.subarray(0, PREFIX.length)).toEqual(PREFIX);
    const keyEnd = PREFIX.length + keyLengths[i]!;
    return `${row.toString('hex', PREFIX.length, keyEnd)} ${row.toString('hex', keyEnd)}`;
  });
}

const textOf = ({ key, doc }: Entry) => `${key.toString('hex')} ${doc.toString('hex')}`;

/** Keys with long beginnings in common, of which many are the same, and different documents. */
const ENTRIES = fc
  .array(
    fc.record({
      head: fc.constantFrom('', 'aaaaaaaa', 'aaaab', 'b'),
      tail: fc.uint8Array({ minLength: 1, maxLength: 6 })
    }),
    { maxLength: 200 }
  )
  .map(parts =>
    parts.map(({ head, tail }, i): Entry => {
      const doc = Buffer.alloc(4);
      doc.writeUInt32BE((i * 7919) % 10_007, 0);
      // Each KeyString ends itself: none begins another.
      return {
        key: Buffer.concat([Buffer.from(head, 'latin1'), tail.map(byte => byte | 1), Buffer.of(0)]),
        doc
      };
    })
  );

it('entries come out in the order of their bytes, whatever is held in memory', () => {
  fc.assert(
    fc.property(ENTRIES, fc.constantFrom(64, 500, 100_000), (entries, bytesMax) => {
      const found = sorted(entries, bytesMax);
      const ordered = [...entries].sort((a, b) =>
        Buffer.compare(Buffer.concat([a.key, a.doc]), Buffer.concat([b.key, b.doc]))
      );
      expect([...found.rows].sort()).toEqual(entries.map(textOf).sort());
      if (found.isOneOrder) {
        expect(found.rows).toEqual(ordered.map(textOf));
        const twins = ordered.flatMap(({ key }, i) =>
          i > 0 && ordered[i - 1]!.key.equals(key) ? [key] : []
        );
        expect(found.twins).toEqual(twins.map(key => key.toString('hex')));
      }
    })
  );
  expect(readdirSync(directory)).toEqual([]);
});

const numbered = (n: number): Entry => {
  const key = Buffer.alloc(12, 1);
  key.writeUInt32BE(n, 6);
  return { key, doc: Buffer.from(`document ${n}`) };
};

it('entries that come in their order are given away at once, until one does not', () => {
  const inOrder = Array.from({ length: 24_000 }, (_, i) => numbered(i));
  const found = sorted(inOrder, 16 * 1024 * 1024);
  expect(found.rows).toEqual(inOrder.map(textOf));
  expect(found.isOneOrder).toBe(true);
  expect(found.early).toBeGreaterThan(1);
  const broken = sorted([...inOrder.slice(1), inOrder[0]!], 16 * 1024 * 1024);
  expect([...broken.rows].sort()).toEqual(inOrder.map(textOf).sort());
  expect(broken.isOneOrder).toBe(false);
});

it('many entries in no order go through a file, of which nothing is left', () => {
  const mixed = Array.from({ length: 20_000 }, (_, i) => numbered((i * 7_919) % 20_000));
  const found = sorted(mixed, 64 * 1024);
  expect(found.rows).toEqual(Array.from({ length: 20_000 }, (_, i) => textOf(numbered(i))));
  expect(found.isOneOrder).toBe(true);
  expect(found.twins).toEqual([]);
  expect(existsSync(directory) && readdirSync(directory)).toEqual([]);
});

it('of keys that many documents share no more are named than are needed to refuse them', () => {
  const same = Array.from({ length: TWINS_MAX * 3 }, (_, i) => ({
    ...numbered(i),
    key: Buffer.from('same')
  }));
  expect(sorted(same, 4_096).twins).toHaveLength(TWINS_MAX + 1);
  expect(sorted(same, 4_096, false).twins).toEqual([]);
});
